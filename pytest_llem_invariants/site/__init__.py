"""The explorer: the corpora as static pages, built as text, and served on loopback."""
