"""Grounding: makes citations, and checks sentences against passages for quotations, numbers, names, negation and support."""
