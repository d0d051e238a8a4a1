"""Writes the same texts as files of each format, from a seed: what `python -m evals formats` and the tests of the parsers read."""
