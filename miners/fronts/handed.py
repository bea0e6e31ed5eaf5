"""What a class hands on to another when it is validated: a request becomes the parameters of a generation.

The fields of one name are taken to be the same thing, until the library says otherwise: the gate asks it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
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
                    if field in facts.fields:
                        yield Feed(name, field, field, facts.fields[field].line or facts.line, given)


def _clause(values: tuple[Any, ...]) -> Clause:
    """That a field has one of these values."""
    if values in ((False,), (True,)):
        return Clause("truthy" if values[0] else "falsy", True)
    return Clause("in", list(values))
