"""Which corpora ship without being certified: `pyproject.toml` names them, and the names follow the versions."""

from __future__ import annotations

import re
from typing import Final

from packaging.version import Version

_LIST: Final = re.compile(r"^uncertified = \[\n(?P<lines>(?:    .*\n)*)\]$", re.MULTILINE)
_PLACE: Final = re.compile(r'^    "([^"]+)"')


def followed(text: str, engine: str, old: str, new: str, *, is_certified: bool) -> str:
    """The file after a bump: what shipped so still does, as history; the new corpus is named if it has to be."""
    found = _LIST.search(text)
    if found is None:
        return text
    lines = {place[1]: line for line in found["lines"].splitlines() if (place := _PLACE.match(line))}
    if old != new:
        if engine in lines:
            kept = f"{engine}/history/{old}"
            lines.setdefault(kept, f'    "{kept}",')
        lines.pop(f"{engine}/history/{new}", None)
    if is_certified:
        lines.pop(engine, None)
    else:
        lines.setdefault(engine, f'    "{engine}",')
    start, end = found.span("lines")
    return text[:start] + "".join(f"{lines[place]}\n" for place in sorted(lines, key=_in_order)) + text[end:]


def named(text: str) -> tuple[str, ...]:
    """The corpora that ship without being certified: `ENGINE`, or `ENGINE/history/VERSION`."""
    found = _LIST.search(text)
    lines = () if found is None else found["lines"].splitlines()
    return tuple(place[1] for line in lines if (place := _PLACE.match(line)))


def _in_order(place: str) -> tuple[str, Version]:
    engine, _, version = place.partition("/history/")
    return engine, Version(version or "0")
