"""Mine and validate earlier versions of a library, each in its own environment, with the same code."""
