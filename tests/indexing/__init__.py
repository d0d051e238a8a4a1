"""Tests of bot/indexing."""
