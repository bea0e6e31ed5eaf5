"""Configs in worlds, asked as one row: what a world says stands in it like a field, under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.dynamic.field_answers import Fields
from miners.dynamic.rows import ProbedLibrary, Row
from miners.dynamic.thresholds import Rejects, edge
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.values import distinct, identity
from pytest_llem_invariants.model import Clause, ContextField, Kwargs, ObservedException

Context = Mapping[str, Any]
AskIn = Callable[[Kwargs, Context], ObservedException | None]
"""Asks the live library in a context: what it raises."""
AcceptsIn = Callable[[Kwargs, Context], bool]
"""Whether it takes a config there; False also where that cannot be told."""
_PREFIX: Final = "fact__"
"""No field is called so, and unlike the name of a fact it has no dots."""
MOST_COUNTED: Final = 2**20
"""A fact that is more than this counts bytes: as a number of anything else a library may make so many objects of it."""


@final
@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that a class is probed beside, in rows under identifiers."""

    declared: Mapping[str, ContextField]
    """Everything that a context says; what is not named here stays at its default."""
    named: tuple[str, ...]
    """The facts that are made other ones, by their own names."""

    @classmethod
    def of(cls, declared: Mapping[str, ContextField], names: Iterable[str]) -> Facts:
        """In one order, however they are declared."""
        return cls(declared, tuple(sorted(set(names) & declared.keys())))

    @property
    def defaults(self) -> dict[str, Any]:
        """What the default world says."""
        return {in_rows(name): self.declared[name].default for name in self.named}

    def values(self, alias: str) -> tuple[Any, ...]:
        """The values to try of a fact, its default among them: numbers in their order, words as they are declared."""
        one = self._of(alias)
        values = distinct((one.default, *one.values))
        numbers = sorted(filter(is_number, values))
        return (*(value for value in values if not is_number(value)), *numbers)

    def others(self, alias: str) -> tuple[Any, ...]:
        """Those that are not the default."""
        return tuple(value for value in self.values(alias) if not same(value, self._of(alias).default))

    def is_gate(self, alias: str) -> bool:
        """Whether it names what a world is made of, so that other facts may count under one of its names alone."""
        return self._of(alias).type is None and all(isinstance(value, str) for value in self.values(alias))

    def is_tried(self, alias: str) -> bool:
        """Whether worlds are made of its other values; of the environment it is asked only whether it decides."""
        return self._of(alias).type is not None or self.is_gate(alias)

    def is_named(self, alias: str, words: Container[str]) -> bool:
        """Whether one of these words is the last part of a fact's name, as the library would call it."""
        return next(name.rpartition(".")[2] in words for name in self.named if in_rows(name) == alias)

    def split(self, row: Kwargs) -> tuple[Kwargs, Context]:
        """The config of a row, and the whole context that it is meant in."""
        told = {name: row[in_rows(name)] for name in self.named if in_rows(name) in row}
        default = {name: one.default for name, one in self.declared.items()}
        return {name: value for name, value in row.items() if not is_fact(name)}, {**default, **told}

    def told(self, candidate: Candidate) -> Candidate:
        """A candidate of rows in the words of a corpus: each fact under its own name, and no default of one."""
        return replace(
            candidate,
            fields={self._renamed(subject): self._clauses(clauses) for subject, clauses in candidate.fields.items()},
            defaults={name: value for name, value in candidate.defaults.items() if not is_fact(name)},
            template=None if candidate.template is None else self._renamed(candidate.template),
            hints=tuple(self.split(row)[0] for row in candidate.hints),
            world=self._world_of(candidate.hints[0]) if candidate.hints else candidate.world,
        )

    def _world_of(self, row: Kwargs) -> dict[str, Any]:
        """What the world of a row says that the default one does not."""
        told = {name: row.get(in_rows(name), self.declared[name].default) for name in self.named}
        return {name: value for name, value in told.items() if not same(value, self.declared[name].default)}

    def _clauses(self, clauses: Iterable[Clause]) -> tuple[Clause, ...]:
        return tuple(
            Clause(one.op, self._renamed(one.rhs)) if isinstance(one.rhs, str) and one.rhs.startswith("@") else one
            for one in clauses
        )

    def _renamed(self, text: str) -> str:
        names = {in_rows(name): name for name in self.named}
        return re.sub(rf"\b{_PREFIX}\w+", lambda found: names.get(found[0], found[0]), text)

    def _of(self, alias: str) -> ContextField:
        return next(self.declared[name] for name in self.named if in_rows(name) == alias)


def in_rows(name: str) -> str:
    """What a fact is called in a row."""
    return _PREFIX + name.replace(".", "__")


def is_fact(name: str) -> bool:
    """Whether a name in a row is that of a fact."""
    return name.startswith(_PREFIX)


def fields_of(row: Kwargs) -> tuple[str, ...]:
    """What a row gives of the config, in one order."""
    return tuple(sorted(name for name in row if not is_fact(name)))


def shortened(row: Row, names: Iterable[str]) -> Row:
    """A row as far as it is of these names, or a text, which a message may tell: a number there may be another."""
    kept = frozenset(names)
    return replace(row, kwargs={name: v for name, v in row.kwargs.items() if name in kept or isinstance(v, str)})


@final
class WorldLibrary(ProbedLibrary):
    """The live library in whichever world a row says; what it does not say is as in the default world."""

    def __init__(self, facts: Facts, raises: AskIn, accepts: AcceptsIn) -> None:
        super().__init__(lambda row: raises(*facts.split(row)), lambda row: accepts(*facts.split(row)))
        self._defaults: Final = facts.defaults
        self.asked_elsewhere = 0
        """How many questions were asked in another world than the default one."""

    def __call__(self, kwargs: Kwargs) -> Row:
        row = {**self._defaults, **kwargs}
        before = self.asked
        found = super().__call__(row)
        if self.asked > before and any(not same(row[name], value) for name, value in self._defaults.items()):
            self.asked_elsewhere += 1
        return found

    def all(self, rows: Iterable[Kwargs]) -> list[Row]:
        """The answers to several, one world after the other: to enter another takes longer than to answer."""
        rows = [{**self._defaults, **row} for row in rows]
        worlds = {id(row): self._world(row) for row in rows}
        for row in sorted(rows, key=lambda row: worlds[id(row)]):
            self(row)
        return [self(row) for row in rows]

    def taken(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Of several rows those that the library was seen to accept."""
        return (row for row in rows if self._takes(row))

    def _world(self, row: Kwargs) -> str:
        return identity({name: row[name] for name in self._defaults})


def fact_pieces(name: str, rejected: Iterable[Any], accepted: Iterable[Any], between: Rejects) -> Iterator[Fields]:
    """What a world says where a config is rejected, told of one fact, all else equal; simplest first.

    `between` asks about a number that is none of those to try; None where that cannot be told.
    """
    rejected, accepted = distinct(rejected), distinct(accepted)
    numbers = [value for value in rejected if is_number(value)]
    fine = [value for value in accepted if is_number(value)]
    is_switch = len(rejected) == len(accepted) == 1 and set(rejected + accepted) == {0, 1}
    if numbers and fine and len(numbers) == len(rejected) and not is_switch:
        if max(numbers) < min(fine):
            yield {name: (edge(max(numbers), min(fine), between),)}
        elif min(numbers) > max(fine):
            yield {name: (edge(min(numbers), max(fine), between),)}
    if len(rejected) == 1:
        yield {name: (Clause("==", rejected[0]),)}
    elif rejected and all(isinstance(value, (str, int, float)) for value in rejected):
        yield {name: (Clause("in", list(rejected)),)}
    if len(accepted) == 1:
        yield {name: (Clause("!=", accepted[0]),)}
