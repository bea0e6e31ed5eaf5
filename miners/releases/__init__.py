"""Which options, fields and variables each released version of a library has: read from its wheels, never imported."""
