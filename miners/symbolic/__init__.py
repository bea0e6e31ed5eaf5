"""Symbolic values, and Python's operations on them."""
