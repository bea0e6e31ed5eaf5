"""What a class hands on to another when it is validated: a request becomes the parameters of a generation.

The fields of one name are taken to be the same thing, until the library says otherwise: the gate asks it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from miners.fronts.feeds import Feed
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface
from pytest_llem_invariants.model import EMPTY

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
    made = []
    with contextlib.suppress(Exception):  # whether the bare type can be built is for the gate to say
        made = [type(one) for one in adapter.makes(facts.native_type, EMPTY)]
    for name, behind in surface.items():
        if name != facts.native_type and adapter.native_class(name) in made:
            for field in behind.fields:
                if field in facts.fields:
                    yield Feed(name, field, field, facts.fields[field].line or facts.line)
