"""Ranked passages into answers, without a chat model and with one."""
