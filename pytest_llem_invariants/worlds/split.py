"""The lengths of a model's quantised layers that ranks split among them, where its files leave no doubt of them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pytest_llem_invariants.worlds.facts import Facts

_TEXT = "model.text."
_CONFIG = "model.config."
_NUMBER = re.compile(r"(?<=\.)\d+(?=\.|\Z)")
_WORD = re.compile(r"[A-Za-z_]+")


def split_lengths(told: Mapping[str, Any], facts: Facts) -> list[int] | None:
    """The lengths by what a version's table tells of this type of model; None where it was not seen to be so.

    A product of which a key is not written is left out: then fewer lengths are known, and none wrongly.
    """
    named = facts.get(f"{_CONFIG}architectures")
    if not (type(named) is list and named and named[0] == told["architecture"]):
        return None
    strange = [key for key in told["spoken"] if key not in told["knows"] and facts.get(_TEXT + key) is not None]
    if strange:
        if len(strange) > 1 or strange[0] not in told["with"]:
            return None
        told = told["with"][strange[0]]
    if any(_may_leave_out(facts.get(_CONFIG + key), told["layers"]) for key in told["left_out"]):
        return None
    found: list[int] = []
    for names in told["products"]:
        values = [facts.get(_TEXT + name) for name in names]
        if all(type(value) is int and value > 0 for value in values):
            found.append(_product(values))
    return sorted(set(found)) if found or not told["products"] else None


def _product(values: Iterable[Any]) -> int:
    total = 1
    for value in values:
        total *= value
    return total


def _may_leave_out(ignored: Any, layers: Iterable[str]) -> bool:
    """Whether what a model names as not quantised may be one of these layers."""
    if not ignored:
        return False
    if type(ignored) is not list or not all(type(one) is str for one in ignored):
        return True
    parts = {part for layer in layers for part in layer.split(".")}
    return any(_may_name(one, parts, layers) for one in ignored)


def _may_name(pattern: str, parts: set[str], layers: Iterable[str]) -> bool:
    words = _WORD.findall(pattern.removeprefix("re:"))
    numbered = _NUMBER.sub("#", pattern)
    return not words or words[-1] in parts or any(numbered in layer for layer in layers)
