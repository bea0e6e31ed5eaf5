"""From a config that the library rejects in one world and takes in another to predicates over fields and facts."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, final

from miners.dynamic.explain import Explainer, Explanation, triggers_on
from miners.dynamic.field_answers import FieldAnswers, Fields
from miners.dynamic.probed_fields import ProbedFields
from miners.dynamic.rows import Row
from miners.dynamic.shapes import infer
from miners.dynamic.templates import to_fact
from miners.dynamic.world_rows import MOST_COUNTED, Facts, WorldLibrary, fact_pieces, fields_of
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.language.values import distinct, holdable, identity
from pytest_llem_invariants.model import Clause, Kwargs

_MOST_NAMES: Final = 7
_MOST_ROWS: Final = 400
"""So many configs in worlds show how a few fields and facts stand to each other."""
_MOST_PIECES: Final = 2
_MOST_TOGETHER: Final = 16
_MOST_FACTORS: Final = 3
_MOST_TRIED: Final = 3
_MOST_NAMED: Final = 64
_GROWING: Final = (">", ">=", "not_divisible_by")
"""How a number is rejected that is too much for a fact: so may be the product of it and another."""


_NAME: Final = re.compile(r"[a-z]\w+")
_Told = tuple[Fields, Row, list[Row]]
"""A predicate, the row that it was made for, and what is rejected like it."""


@final
class Relations:
    """What decides a rejection that hangs on the world, told as predicates."""

    def __init__(self, library: WorldLibrary, facts: Facts, fields: ProbedFields) -> None:
        self._library = library
        self._facts = facts
        self._fields = fields
        self._explainer = Explainer(library, fields, scarce=True)
        self._decisive: dict[str, set[str]] = {}
        """By guard the facts that decided one of its rejections."""

    def explain(self, row: Row) -> Iterator[Explanation]:
        """Predicates that claim this row, if some fact decides it."""
        row = self._minimised(row)
        row, deciding = self._decided(row)
        if row.guard is None or not deciding:
            return
        self._decisive.setdefault(row.guard, set()).update(deciding)
        if self._may_be_freed(row, deciding, is_alone=True):
            return
        for fields, seed, rows in self._told(row, deciding):
            found = list(self._explainer.guarded(fields, seed.guard or "", [seed, *_unlike(seed, rows)]))
            if found:
                yield from found
                return

    def _minimised(self, row: Row) -> Row:
        """The fewest arguments, in the world nearest to the default one, that still meet the same guard."""
        for name in fields_of(row.kwargs):
            less = self._library({key: value for key, value in row.kwargs.items() if key != name})
            row = less if less.guard == row.guard else row
        for name, default in self._facts.defaults.items():
            if not same(row.kwargs[name], default):
                nearer = self._library({**row.kwargs, name: default})
                row = nearer if nearer.guard == row.guard else row
        return row

    def _decided(self, row: Row) -> tuple[Row, list[str]]:
        """The facts with another value of which the library accepts the row, and the row, or one that shows it.

        Of a number it may be the very number of the fact that is accepted, whichever was rejected before.
        """
        defaults = self._facts.defaults
        deciding = [name for name in defaults if not same(row.kwargs[name], defaults[name])]
        numbers = _numbers_of(row)
        changes = [
            (name, value)
            for name in defaults
            if name not in deciding
            for value in self._facts.values(name)
            if not same(value, row.kwargs[name])
        ]
        self._library.all({**row.kwargs, name: value} for name, value in changes)
        moved = [
            {**row.kwargs, field: value, name: value}
            for name, value in changes
            for field in numbers
            if is_number(value) and value <= MOST_COUNTED and self._rejects({**row.kwargs, field: value}, row)
        ]
        self._library.all(moved)
        for name in dict.fromkeys(name for name, _ in changes if name not in deciding):
            if any(self._library.accepts({**row.kwargs, name: value}) for told, value in changes if told == name):
                deciding.append(name)
                continue
            there = [one for one in moved if not same(one[name], row.kwargs[name]) and self._library.accepts(one)]
            if there:  # the greatest: a small number, or one below 0, may say that there is no limit
                deciding.append(name)
                row = self._library({**there[-1], name: row.kwargs[name]})
        return row, deciding

    def _rejects(self, kwargs: dict[str, Any], row: Row) -> bool:
        return self._library(kwargs).guard == row.guard

    def _told(self, row: Row, deciding: Sequence[str]) -> Iterator[_Told]:
        """The predicates that claim most of what is rejected like a row, of products of fields where these count."""
        names = [*fields_of(row.kwargs), *deciding]
        if len(names) > _MOST_NAMES:
            return
        rows = self._grid(row, names)
        options = itertools.chain(self._relations(row, deciding, rows), self._pieces(row, names, deciding))
        mine = [one for one in rows if one.guard == row.guard]
        factors = _numbers_of(row)
        for fields in self._best(options, row, rows):
            for wider in self._multiplied(row, rows, factors, _compared(fields, factors)):
                told = (one for one in self._told(wider, deciding) if _compared(one[0], _numbers_of(one[1])))
                product = next(told, None)
                if product is not None:
                    yield product
                    break
            yield fields, row, mine

    def _multiplied(self, row: Row, rows: Iterable[Row], factors: Sequence[str], fact: str | None) -> Iterator[Row]:
        """What is accepted by itself, and rejected like the row once another number of the config is 2."""
        if fact is None or len(factors) >= _MOST_FACTORS:
            return

        def distance(one: Row) -> float:
            """How far the numbers are from what is too much: a fact that they reach leaves no room for another."""
            return float(abs(math.prod(one.kwargs[name] for name in factors) - one.kwargs[fact]))

        fine = [one for one in self._library.taken(rows) if all(_counts(one.kwargs.get(name)) for name in factors)]
        nearest = sorted((one for one in fine if is_number(one.kwargs[fact])), key=distance)[:_MOST_PIECES]
        for name in sorted(self._fields.toggles):
            if name not in row.kwargs and self._is_counted(name):
                for one in nearest:
                    wider = self._library({**one.kwargs, name: 2})
                    alone = {key: value for key, value in wider.kwargs.items() if key not in factors}
                    if wider.guard == row.guard and self._library.accepts(alone):
                        yield wider

    def _is_counted(self, name: str) -> bool:
        default = self._fields.defaults.get(name)
        return isinstance(default, int) and not isinstance(default, bool) and default == 1

    def _grid(self, row: Row, names: Sequence[str]) -> list[Row]:
        """The fields and facts together, at values far from each other."""
        most = int(_MOST_ROWS ** (1 / len(names)) + 1e-9)
        own = {name: self._facts.values(name) for name in names if name in self._facts.defaults}
        told = [value for values in own.values() for value in values if is_number(value) and value <= MOST_COUNTED]
        choices = []
        for name in names:
            if name in own:
                values = [row.kwargs[name], self._facts.defaults[name], *own[name]]
            else:
                numbers = told if is_number(row.kwargs[name]) else ()
                values = [row.kwargs[name], self._fields.defaults.get(name), *self._fields.toggles.get(name, ())]
                values = [*values[:2], *_beside(numbers), *values[2:]]
            choices.append(distinct(value for value in values if holdable(value))[:most])
        products = itertools.product(*choices)
        return self._library.all({**row.kwargs, **dict(zip(names, values, strict=True))} for values in products)

    def _relations(self, row: Row, deciding: Sequence[str], rows: Sequence[Row]) -> Iterator[Fields]:
        """Numbers of the config against one of the world; the rest as it is told by itself."""
        guard, own = row.guard or "", fields_of(row.kwargs)
        for size in range(len(own), 0, -1):
            for names, fact in itertools.product(itertools.combinations(own, size), deciding):
                rest = [name for name in (*own, *deciding) if name not in (*names, fact)]
                for fields in to_fact(names, fact, row.kwargs, rows, guard, self._fields.defaults):
                    for pieces in self._pieces(row, rest, deciding):
                        yield {**fields, **pieces}
                        yield from self._but_at(fact, {**fields, **pieces}, rows, guard)

    def _but_at(self, fact: str, fields: Fields, rows: Sequence[Row], guard: str) -> Iterator[Fields]:
        """The same but for the values of the fact at which the library takes what is claimed: -1 is no limit."""
        claimed = list(filter(lambda row: triggers_on(fields, self._fields.defaults)(row.kwargs), rows))
        fine = distinct(row.kwargs[fact] for row in self._library.taken(claimed))
        rejected = distinct(row.kwargs[fact] for row in claimed if row.guard == guard and row.kwargs[fact] not in fine)
        if 0 < len(fine) < len(rejected):
            clause = Clause("!=", fine[0]) if len(fine) == 1 else Clause("not_in", list(fine))
            yield {**fields, fact: (*fields.get(fact, ()), clause)}

    def _pieces(self, row: Row, names: Iterable[str], deciding: Sequence[str]) -> Iterator[Fields]:
        """What each of these fields and facts must be, all else equal."""
        shapes = [self._alone(row, name, deciding) for name in names]
        for combination in itertools.islice(itertools.product(*shapes), _MOST_TOGETHER):
            yield {subject: clauses for piece in combination for subject, clauses in piece.items()}

    def _alone(self, row: Row, name: str, deciding: Sequence[str]) -> list[Fields]:
        value, guard = row.kwargs[name], row.guard or ""
        if name not in self._facts.defaults:
            rest = {key: value for key, value in row.kwargs.items() if key != name}
            _, answers = self._explainer.sweep(name, rest, guard, [value])
            words = self._freed_alike(row, name, answers, deciding)
            pieces: Iterator[Fields] = itertools.chain(words, infer(name, answers))
            exact = {name: (Clause("==", value),)}
        else:
            asked = self._library.all({**row.kwargs, name: one} for one in self._facts.values(name))
            rejected = [one.kwargs[name] for one in asked if one.guard == guard]
            accepted = [one.kwargs[name] for one in self._library.taken(asked)]
            pieces = fact_pieces(name, rejected, accepted, self._between(row, name))
            exact = {name: (Clause("==", value),)}
        claiming = [piece for piece in pieces if triggers_on(piece, self._fields.defaults)(row.kwargs)]
        return [*claiming[:_MOST_PIECES], exact]

    def _freed_alike(self, row: Row, name: str, answers: FieldAnswers, deciding: Sequence[str]) -> Iterator[Fields]:
        """The words that are rejected for the same reason: what frees one of them in another world frees each."""
        others = sorted(self._decisive.get(row.guard or "", set()) - {*deciding})
        for piece in _words(name, answers):
            alike = [
                word
                for word in piece[name][0].rhs
                if all(self._frees(row, {name: word}, fact) for fact in deciding)
                and not any(self._frees(row, {name: word}, fact) for fact in others)
                and not self._may_be_freed(self._library({**row.kwargs, name: word}), deciding)
            ]
            if len(alike) > 1:
                yield {name: (Clause("in", alike),)}

    def _may_be_freed(self, row: Row, deciding: Iterable[str], *, is_alone: bool = False) -> bool:
        """Whether others of the facts and fields that the message names, taken together, let a row be accepted.

        A message with several reasons hides of each what it depends on. Of one that is looked at `is_alone`,
        the values among the toggles are left out: these are asked about later, and told as a guard.
        """
        told = set(_NAME.findall("" if row.exception is None else row.exception.message))
        facts = {name: self._facts.values(name) for name in self._facts.defaults if self._facts.is_named(name, told)}
        fields = {name: self._fields.pools[name] for name in sorted(told & self._fields.pools.keys())}
        left = {name: vs for name, vs in {**facts, **fields}.items() if name not in (*fields_of(row.kwargs), *deciding)}
        if is_alone and len(left) == 1:
            left = {
                name: tuple(value for value in values if value not in self._fields.toggles.get(name, ()))
                for name, values in left.items()
                if name in fields
            }
        changes = itertools.product(*([(name, value) for value in values] for name, values in left.items()))
        asked = itertools.islice(changes, _MOST_ROWS) if left else ()
        return any(self._library.accepts({**row.kwargs, **dict(one)}) for one in asked)

    def _frees(self, row: Row, change: Kwargs, fact: str) -> bool:
        """Whether another value of a fact lets a changed row be accepted."""
        others = (value for value in self._facts.values(fact) if not same(value, row.kwargs[fact]))
        return any(self._library.accepts({**row.kwargs, **change, fact: value}) for value in others)

    def _between(self, row: Row, name: str) -> Callable[[Any], bool | None]:
        def rejects(value: Any) -> bool | None:
            found = self._library({**row.kwargs, name: value})
            if found.guard == row.guard:
                return True
            return False if self._library.accepts(found.kwargs) else None

        return rejects

    def _best(self, options: Iterable[Fields], row: Row, rows: Sequence[Row]) -> Iterator[Fields]:
        """Those that claim the row and nothing accepted, by how much they claim of what is rejected like it.

        Of those that claim as much the one comes first that claims least of what another check rejects: of that
        nothing is known.
        """
        fine = list(self._library.taken(rows))
        found: list[tuple[int, int, Fields]] = []
        for fields in {identity(fields): fields for fields in options}.values():
            triggers = triggers_on(fields, self._fields.defaults)
            if triggers(row.kwargs) and not any(triggers(one.kwargs) for one in fine):
                claimed = [one for one in rows if triggers(one.kwargs)]
                mine = sum(one.guard == row.guard for one in claimed)
                found.append((-mine, len(claimed) - mine, fields))
        yield from (fields for *_, fields in sorted(found, key=lambda one: one[:2])[:_MOST_TRIED])


def _unlike(seed: Row, rows: Sequence[Row]) -> list[Row]:
    """Rows in their order, those first that share least with a row: what varies in the message shows in them."""
    return sorted(rows, key=lambda row: sum(same(row.kwargs.get(name), value) for name, value in seed.kwargs.items()))


def _words(name: str, answers: FieldAnswers) -> Iterator[Fields]:
    """The words that are rejected, where other text is not, or not for this."""
    rejected = answers.rejected
    others = (*answers.accepted, *answers.neutral)
    is_of_words = all(isinstance(value, str) for value in rejected) and any(isinstance(value, str) for value in others)
    if is_of_words and 1 < len(rejected) <= _MOST_NAMED:
        yield {name: (Clause("in", list(rejected)),)}


def _beside(numbers: Iterable[Any]) -> Iterator[Any]:
    """The numbers of facts, of each another one beside it, which no other number is a multiple of."""
    for number in sorted(numbers, reverse=True):
        yield from (one for one in (number, number - 1) if isinstance(number, int) and one > 1)


def _numbers_of(row: Row) -> list[str]:
    return [name for name in fields_of(row.kwargs) if is_number(row.kwargs[name])]


def _compared(fields: Fields, factors: Sequence[str]) -> str | None:
    """The fact that all these numbers, multiplied, are too much for; None where it is not that which is told."""
    product = " * ".join(factors)
    for subject, clauses in fields.items():
        for clause in clauses:
            sides = subject, reference_of(clause.rhs)
            if factors and product in sides and None not in sides and clause.op in _GROWING:
                return sides[0] if sides[1] == product else sides[1]
    return None


def _counts(value: Any) -> bool:
    return is_number(value) and value > 1
