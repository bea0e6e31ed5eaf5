"""Formulas over clauses: exact negation, normal form, and back to rules."""
