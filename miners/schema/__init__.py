"""Compare discovered schemas, find the drift of a user's own models, and write pages for people."""
