"""Reads text: cleans it, and finds its words and its sentences."""
