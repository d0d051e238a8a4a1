"""Retrieval: from a question to ranked passages of an open index."""
