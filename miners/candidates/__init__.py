"""Guesses at rules, what becomes of them, and how they are named and merged."""
