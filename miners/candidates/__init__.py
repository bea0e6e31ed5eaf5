"""Candidates for rules: their outcomes, names and merging."""
