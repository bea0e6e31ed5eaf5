"""Workers, limits, progress, and what commands share."""
