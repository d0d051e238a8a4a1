"""Answers from ranked passages, without a chat model and with one."""
