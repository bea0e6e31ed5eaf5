"""Reading and writing text: strict, bounded, atomic."""
