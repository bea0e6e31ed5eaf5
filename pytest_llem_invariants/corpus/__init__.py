"""Corpora and evidence as files."""
