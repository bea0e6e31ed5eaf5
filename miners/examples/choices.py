"""The values to try for the fields of a class, given what a predicate asks of them, simplest first.

The predicates of a class share most clauses: the values for a clause are computed once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, final

from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import Surface, class_of, field_at
from pytest_llem_invariants.language.expressions import MISSING, parse
from pytest_llem_invariants.language.inverse import mappings_by_field, values_by_field
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.language.values import Pools, by_identity, holdable, identity
from pytest_llem_invariants.model import Clause, TypedValue

_MOST_CONSTANTS: Final = 200


class Values(NamedTuple):
    """The values to try for a field; MISSING is among them if the field is optional."""

    of_any_type: tuple[Any, ...]
    of_its_type: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The clauses of a predicate on one subject."""

    key: str
    subject: str
    clauses: tuple[Clause, ...]
    brings: tuple[tuple[str, str, Any], ...]
    """The fields, and the values (with their identities) at which the clauses hold."""
    reaches: frozenset[str]
    crosses: bool
    """Whether it compares several fields: then values of one are tried on the others."""

    def is_of(self, name: str) -> bool:
        return self.crosses or name in self.reaches


@final
class Choices:
    """The values to try for the fields of one class, at any depth."""

    def __init__(self, facts: ClassFacts, surface: Surface) -> None:
        self._facts = facts
        self._surface = surface
        self._pools = Pools(lambda path: field_at(path, facts, surface), surface)
        self._parts: dict[str, _Part] = {}
        self._made: dict[tuple[str, ...], Values] = {}
        self._kept: dict[tuple[int, str], tuple[Any, ...]] = {}

    def beside(self, name: str, constants: Iterable[Any]) -> tuple[Any, ...]:
        """The values of a field around those constants, where its behaviour may change."""
        return self._pools.of(name).beside(constants)

    def fits(self, name: str, value: Any) -> bool:
        """Whether a value has the declared type of a field."""
        return self._pools.of(name).fits(value)

    def of(
        self, names: Iterable[str], fields: Mapping[str, tuple[Clause, ...]], context: Collection[str]
    ) -> dict[str, Values]:
        """The values of some fields for a predicate; facts of the `context` are no fields."""
        parts = [self._part(subject, clauses) for subject, clauses in fields.items() if subject not in context]
        # Computed values come first: a value chosen by its kind alone rarely satisfies the predicate.
        parts.sort(key=lambda part: parse(part.subject).is_field)
        return {name: self._values(name, [part for part in parts if part.is_of(name)]) for name in names}

    def kept(self, values: tuple[Any, ...], said: str, test: Callable[[Any], bool]) -> tuple[Any, ...]:
        """Those of the computed values that satisfy the clauses on their field alone."""
        key = id(values), said
        if key not in self._kept:
            self._kept[key] = tuple(filter(test, values))
        return self._kept[key]

    def _part(self, subject: str, clauses: tuple[Clause, ...]) -> _Part:
        key = f"{subject} {clauses!r}"
        if key not in self._parts:
            found = values_by_field(subject, clauses, self._surface)
            brings = tuple((name, identity(value), value) for name, value in found)
            reaches = frozenset(name for name, _, _ in brings)
            crosses = any(reference_of(clause.rhs) is not None for clause in clauses) or len(parse(subject).fields) > 1
            self._parts[key] = _Part(key, subject, clauses, brings, reaches, crosses)
        return self._parts[key]

    def _values(self, name: str, parts: Sequence[_Part]) -> Values:
        key = (name, *(part.key for part in parts))
        if key not in self._made:
            self._made[key] = self._make(name, parts)
        return self._made[key]

    def _make(self, name: str, parts: Sequence[_Part]) -> Values:
        wanted: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for part in parts:
            wanted.update((key, value) for field, key, value in part.brings if field == name)
            others.update((key, value) for _, key, value in part.brings if part.crosses)
        spoken = {part.subject: part.clauses for part in parts}
        wanted.update(by_identity(one for field, one in mappings_by_field(spoken, self._surface) if field == name))
        fact, pool = field_at(name, self._facts, self._surface), self._pools.of(name)
        first = {key: value for key, value in wanted.items() if holdable(value)}
        constants = dict(itertools.islice({**first, **others}.items(), _MOST_CONSTANTS))
        every = {
            **by_identity(self._object_of(fact)),
            **{key: value for key, value in first.items() if value in (fact.literals or ())},
            **{key: value for key, value in first.items() if pool.fits_at(key, value)},
            **pool.keyed(constants),
        }
        known = fact.name != "" and not fact.required
        unset = () if name in self._facts.fields and not known and fact.required else (MISSING,)
        of_its_type = (value for key, value in every.items() if pool.fits_at(key, value))
        return Values((*unset, *every.values()), (*unset, *of_its_type))

    def _object_of(self, fact: FieldFact) -> tuple[TypedValue, ...]:
        """The object inside a field: built with its required arguments, unlike a mapping."""
        inner = class_of(fact, self._surface)
        return () if inner is None else (TypedValue(inner.native_type),)
