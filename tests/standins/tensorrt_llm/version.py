"""The version whose shapes the stand-in has."""

__version__ = "1.2.1"
