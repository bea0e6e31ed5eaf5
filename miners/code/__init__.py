"""Definitions in Python source, of an imported library or of a source tree."""
