"""Saved chats: the history, its exports, and exported quotations checked again."""
