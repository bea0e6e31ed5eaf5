"""Keys of which the laws of other types speak, and that a type does not read: whatever they say, it holds the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from miners.memory.draws import NOT_COUNTED
from miners.memory.seen import Sample
from miners.memory.study import Study, same

_VALUES: Final = (48, 3)
"""One is more than there are layers, the other is less."""
_MOST: Final = 64


def unread(study: Study, whole: Mapping[str, Any], spoken: Iterable[str], knows: Iterable[str]) -> list[str]:
    """The keys, beside all others and in the parts that there are, which change nothing that is held."""
    parts = ["", *(f"{name}." for name, part in whole.items() if isinstance(part, Mapping) and part)]
    known = frozenset(knows)
    names = [
        f"{part}{name}" for part in parts if not NOT_COUNTED.search(part) for name in spoken if not _is_of(part, name)
    ]
    base = study.draw(list(study.keys), {}, 0) or study.sample({}, 1)
    return sorted(_silent(study, base, [name for name in names if name not in known], [_MOST])) if base else []


def _is_of(part: str, name: str) -> bool:
    return bool(NOT_COUNTED.search(f"{part}{name}"))


def _silent(study: Study, base: Sample, names: Sequence[str], left: list[int]) -> list[str]:
    """Those of them that change nothing, by halves where some do."""
    if not names or left[0] <= 0:
        return []
    left[0] -= 1
    if all(_is_same(study, base, names, value) for value in _VALUES):
        return list(names)
    half = len(names) // 2
    return [*_silent(study, base, names[:half], left), *_silent(study, base, names[half:], left)] if half else []


def _is_same(study: Study, base: Sample, names: Sequence[str], value: int) -> bool:
    found = study.beside(base, dict.fromkeys(names, value))
    return found is not None and same(base, found)
