"""The limits of the walk: beyond them a value is unknown."""

from __future__ import annotations

from typing import Final

DEEPEST: Final = 5
"""The depth of nested calls."""
MOST_UNROLLED: Final = 40
"""The most elements to process one by one."""
MOST_EFFECTS: Final = 4000
