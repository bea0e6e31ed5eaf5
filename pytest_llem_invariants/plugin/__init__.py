"""The pytest plugin: a corpus of invariants runs as items against a live engine."""
