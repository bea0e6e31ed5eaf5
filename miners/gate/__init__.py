"""The gate: a guess becomes a rule where the live library agrees."""
