"""Did you mean: the known name that a wrong one is most likely meant to be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.75
ALMOST_THE_SAME = 0.88
"""Where an unknown name may well be meant, only one that differs by a letter or two is taken for a slip."""


def nearest(name: str, known: Iterable[str], least: float = ALIKE) -> str | None:
    """The likeliest of the known names; None where none is like it: a wrong guess costs more than none."""
    from difflib import SequenceMatcher  # of no use to a config without a slip

    def likeness(other: str) -> float:
        return SequenceMatcher(None, name.lower(), other.lower(), autojunk=False).ratio()

    best = max(known, key=likeness, default=None)
    return best if best is not None and likeness(best) >= least else None
