"""The gate: a candidate becomes a rule if the live library agrees."""
