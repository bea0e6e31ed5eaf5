"""One output format a file: `render` makes the text of it. A new format is a new file, and its name in `FORMATS`."""

from __future__ import annotations

FORMATS = ("text", "json", "sarif", "github")
"""The names of the modules here that a user may ask for; the first is the default."""
