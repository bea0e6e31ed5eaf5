"""Long texts on one line, cut where a reader misses least."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 110
_BEFORE: Final = 30
"""How much of what two texts share is shown before they part."""


def one_line(text: str, longest: int = LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def from_to(old: str, new: str, longest: int = LONGEST) -> tuple[str, str]:
    """Two texts, each on one line; where both are long, from shortly before they part."""
    old, new = " ".join(old.split()), " ".join(new.split())
    pairs = enumerate(zip(old, new, strict=False))
    shared = next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))
    if shared > 2 * _BEFORE and max(len(old), len(new)) > longest:
        at = shared - _BEFORE
        old, new = (f"…{text[at:]}" for text in (old, new))
    return one_line(old, longest), one_line(new, longest)
