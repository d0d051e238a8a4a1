"""Checks words against the essays: quotations, numbers, names, negation and support."""
