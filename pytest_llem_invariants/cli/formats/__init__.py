"""One file per output format: its `render` makes the text. To add a format, add a file and its name in `FORMATS`."""

from __future__ import annotations

FORMATS = ("text", "json", "sarif", "github")
"""The names of the modules here that a user may ask for; the first is the default."""
