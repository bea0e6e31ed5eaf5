"""What is made of discovered schemas: their difference, the drift of somebody's own models, digests for people."""
