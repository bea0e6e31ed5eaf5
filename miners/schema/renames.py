"""Propose which removed and which added name may be one and the same."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from miners.discovery.shapes import type_of
from miners.schema.accepts import is_within
from miners.schema.change import Rename
from miners.surface.types import UNTYPED

_SURE: Final = 1.0
_LIKELY: Final = 0.6
_ALIKE: Final = 0.8
_SHARED: Final = 0.6
_SHORT: Final = 30

Parameters = Mapping[str, Mapping[str, Any]]


def renamed_fields(native_type: str, old: Parameters, new: Parameters) -> Iterator[Rename]:
    """Similar removed and added fields of one class, the surest pairs first; each name occurs in one pair only."""
    removed, added = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    pairs = []
    for before in removed:
        for after in added:
            because = _likeness(before, old[before], after, new[after])
            if because is not None:
                pairs.append((-because[0], before, after, because[1]))
    yield from _best(native_type, pairs)


def renamed_classes(old: Mapping[str, Parameters], new: Mapping[str, Parameters]) -> Iterator[Rename]:
    """Removed and added classes that share most of their fields."""
    pairs = []
    for before in sorted(old.keys() - new.keys()):
        for after in sorted(new.keys() - old.keys()):
            shared = old[before].keys() & new[after].keys()
            share = len(shared) / max(1, len(old[before].keys() | new[after].keys()))
            if share >= _SHARED:
                pairs.append((-share, before, after, f"{len(shared)} fields in common"))
    yield from _best(None, pairs)


def _best(native_type: str | None, pairs: list[tuple[float, str, str, str]]) -> Iterator[Rename]:
    taken_old: set[str] = set()
    taken_new: set[str] = set()
    for _, before, after, because in sorted(pairs):
        if before not in taken_old and after not in taken_new:
            taken_old.add(before)
            taken_new.add(after)
            yield Rename(native_type, before, after, because)


def _likeness(before: str, old: Mapping[str, Any], after: str, new: Mapping[str, Any]) -> tuple[float, str] | None:
    """How similar two fields are, and in what; None if a proposal would be a guess."""
    if (old["deprecated"] or {}).get("by") == after:
        return 3 * _SURE, "the older version says to use it instead"
    was, is_now = type_of(old["shape"]), type_of(new["shape"])
    if was != UNTYPED and not is_within(was, is_now):
        return None
    text, other = old["description"] or "", new["description"] or ""
    if len(text) >= _SHORT and _are_alike(text, other):
        return 2 * _SURE, "described alike"
    likeness = max(difflib.SequenceMatcher(None, before, after, autojunk=False).ratio(), _shared_words(before, after))
    return (likeness, "named alike, and of a type that fits") if likeness >= _LIKELY else None


def _are_alike(text: str, other: str) -> bool:
    matcher = difflib.SequenceMatcher(None, text, other, autojunk=False)
    return all(ratio() >= _ALIKE for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio))


def _shared_words(before: str, after: str) -> float:
    left, right = set(before.split("_")), set(after.split("_"))
    return len(left & right) / len(left | right)
