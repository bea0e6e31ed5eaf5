"""What a class hands on to another when it is validated: a request becomes the parameters of a generation.

The fields of one name are taken to be the same thing, until the library says otherwise: the gate asks it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from miners.fronts.feeds import Feed
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface
from pytest_llem_invariants.model import EMPTY, Clause

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter


def handed_on(adapter: EngineAdapter, surface: Surface) -> Mapping[str, tuple[Feed, ...]]:
    """Class → the fields that it hands on to another class of the surface, of those that make one to be validated."""
    found = {name: tuple(_feeds(adapter, facts, surface)) for name, facts in surface.items()}
    return {name: feeds for name, feeds in found.items() if feeds}


def _feeds(adapter: EngineAdapter, facts: ClassFacts, surface: Surface) -> Iterator[Feed]:
    entry = adapter.ssot.native_type(facts.native_type)
    if entry is None or not entry.validate:
        return
    made: tuple[Any, ...] = ()
    with contextlib.suppress(Exception):  # whether the bare type can be built is for the gate to say
        made = adapter.makes(facts.native_type, EMPTY)
    for step, result in zip(entry.validate, made, strict=False):
        given = tuple((name, _clause(values)) for name, values in step.when.items() if name in facts.fields)
        for name, behind in surface.items():
            if name != facts.native_type and type(result) is adapter.native_class(name):
                for field in behind.fields:
                    places = [one for one in step.taken.get(field, (field,)) if one in facts.fields]
                    for number, source in enumerate(places):
                        before = tuple((one, Clause("absent", True)) for one in places[:number])
                        yield Feed(name, field, source, facts.fields[source].line or facts.line, (*given, *before))


def ways(feeds: Iterable[Feed]) -> Iterator[tuple[Feed, ...]]:
    """The feeds with one for each field: of several for one, the first that is given counts, so each in turn."""
    of_each: dict[tuple[str, str], list[Feed]] = {}
    for feed in feeds:
        of_each.setdefault((feed.native_type, feed.field), []).append(feed)
    for turn in range(max(map(len, of_each.values()), default=0)):
        yield tuple(several[min(turn, len(several) - 1)] for several in of_each.values())


def _clause(values: tuple[Any, ...]) -> Clause:
    """That a field has one of these values."""
    if values in ((False,), (True,)):
        return Clause("truthy" if values[0] else "falsy", True)
    return Clause("in", list(values))
