"""The typed surface of an engine: which parameters exist, their types, defaults and descriptions."""
