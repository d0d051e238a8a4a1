"""Tests of bot/chats."""
