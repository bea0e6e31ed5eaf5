"""Everything that produces a corpus: static analysis, probing, lifting of type metadata, merge and gate."""
