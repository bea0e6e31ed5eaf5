"""How far the walk goes before it says that it does not know."""

from __future__ import annotations

from typing import Final

DEEPEST: Final = 5
"""Calls inside of calls."""
MOST_UNROLLED: Final = 40
"""Elements that are looked at one by one."""
MOST_EFFECTS: Final = 4000
