"""Packages that are pretended to be there, or not: the functions by which an engine looks for one say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from pytest_llem_invariants.engines.remembered import saying
from pytest_llem_invariants.model import EMPTY
from pytest_llem_invariants.ssot import Ssot

PACKAGES: Final = "packages."
_PLACES: Final = "seen_of"
"""Under this key of `adapter` stand, for each fact about a package, the functions that look for it."""


def is_seen(ssot: Ssot, fact: str) -> bool:
    """Whether a fact is about a package for which functions look."""
    return fact in ssot.adapter.get(_PLACES, EMPTY)


def functions_seeing(ssot: Ssot, fact: str) -> tuple[str, ...]:
    """The names of these functions."""
    return tuple(place.rpartition(":")[2] for place in ssot.adapter.get(_PLACES, EMPTY).get(fact, ()))


def seen(ssot: Ssot, facts: Mapping[str, Any]) -> dict[str, bool]:
    """What these functions say where such facts hold."""
    places = ssot.adapter.get(_PLACES, EMPTY)
    return {place: facts[fact] is not None for fact in sorted(places.keys() & facts) for place in places[fact]}


@contextmanager
def beside_packages(said: Mapping[str, bool], rest: AbstractContextManager[None]) -> Iterator[None]:
    """A block in which they say it, within another."""
    with rest, saying(said):
        yield
