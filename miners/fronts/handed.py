"""What a class hands on to another when it is validated: a request becomes the parameters of a generation.

The fields of one name are taken to be the same thing, until the library says otherwise: the gate asks it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from miners.candidates.candidate import Candidate
from miners.fronts.feeds import Feed
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface
from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.model import EMPTY, Clause

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter


_BOUNDS: Final = frozenset({"<", "<=", ">", ">="})
_NUMBERS: Final = frozenset({"int", "float"})


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


def in_text(candidate: Candidate, facts: ClassFacts) -> Candidate | None:
    """The candidate of a number that is given as text, which a class that converts reads as that number.

    None where another field is compared with it, or it says more of the field than bounds.
    """
    for name, clauses in candidate.fields.items():
        fact = facts.fields.get(name)
        bounds = tuple(clause for clause in clauses if clause.op in _BOUNDS)
        if not bounds or fact is None or not _NUMBERS.issuperset(fact.types) or not facts.kind.coerces:
            continue
        others = {other: said for other, said in candidate.fields.items() if other != name}
        if len(bounds) < len(clauses) or any(name in _compared(other, said) for other, said in others.items()):
            continue
        if not _compared(name, clauses).isdisjoint(facts.fields.keys() - {name}):
            continue
        fields = {**others, name: (Clause("type_is", "str"),), f"number({name})": bounds}
        hints = tuple(
            {**hint, name: str(hint[name])} for hint in candidate.hints if type(hint.get(name)) in (int, float)
        )
        return replace(candidate, fields=fields, hints=hints)
    return None


def _compared(subject: str, clauses: Iterable[Clause]) -> set[str]:
    """The fields that a subject and its clauses speak of."""
    references = (reference_of(clause.rhs) for clause in clauses)
    return {field for text in (subject, *references) if text is not None for field in parse(text).fields}


def _clause(values: tuple[Any, ...]) -> Clause:
    """That a field has one of these values."""
    if values in ((False,), (True,)):
        return Clause("truthy" if values[0] else "falsy", True)
    return Clause("in", list(values))
