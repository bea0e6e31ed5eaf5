"""Earlier versions of a library, each mined and validated in an environment of its own by the same code."""
