"""From one config that the library rejects to predicates that say why: minimise, generalise, verify."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from miners.candidates.claims import Predicate
from miners.dynamic.field_answers import Domain, FieldAnswers, Fields
from miners.dynamic.probed_fields import Pools, ProbedFields
from miners.dynamic.rows import ProbedLibrary, Row, message_class, names, numbers_in, quoted
from miners.dynamic.shapes import infer
from miners.dynamic.templates import across
from pytest_llem_invariants.language.expressions import MISSING, is_number, parse
from pytest_llem_invariants.language.predicates import compile_match, reference_of
from pytest_llem_invariants.language.values import distinct, fits, holdable, identity
from pytest_llem_invariants.model import EMPTY, Clause, Kwargs, Match, ObservedException

_FEW: Final = 8
_MOST_FIELDS: Final = 4
_RANKS: Final = 2
_GROUP: Final = 16
"""Where questions are scarce: so many values of every other field are tried, so many fields at once."""
_MOST_ROUNDS: Final = 4
"""How often a sweep is read anew with the values that spoke against its first reading."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A predicate for one guard, with the rows that suggested it."""

    guard: str
    fields: Fields
    defaults: Mapping[str, Any]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """A predicate that was thought of and dropped, and the config that speaks against it."""

    fields: Fields
    reason: str
    counterexample: Kwargs


class Explainer:
    """Explains rejections of one class; `removed` keeps what was refuted.

    Where questions are `scarce`, the fields that a rejection may depend on are looked for in groups.
    """

    def __init__(self, library: ProbedLibrary, fields: ProbedFields, *, scarce: bool = False) -> None:
        self.library = library
        self._fields = fields
        self._defaults = fields.defaults
        self._scarce = scarce
        self.removed: list[Removed] = []

    def explain(self, row: Row, explained: Predicate = lambda kwargs: False) -> Iterator[Explanation]:
        """Predicates that claim this row, each agreeing with the library on every product of probed values.

        `explained` says what other predicates claim already: the row is not reduced to one of those.
        """
        row = self._minimised(row, explained)
        given = list(row.kwargs)
        if row.guard is None or len(given) > _MOST_FIELDS:
            return
        if not given:
            yield from self.guarded({}, row.guard, [row])
        elif len(given) == 1:
            yield from self._alone(given[0], row)
        else:
            yield from self._together(given, row)

    def _minimised(self, row: Row, explained: Predicate) -> Row:
        """The fewest arguments that still meet the same guard."""
        for name in list(row.kwargs):
            less = self.library({key: value for key, value in row.kwargs.items() if key != name})
            if less.guard == row.guard and not explained(less.kwargs):
                row = less
        return row

    def sweep(self, name: str, base: Kwargs, guard: str, extra: Iterable[Any] = ()) -> tuple[list[Row], FieldAnswers]:
        values = distinct([*extra, *self._fields.pools.get(name, ())])
        rows = [self.library({**base, name: value}) for value in values if holdable(value)]

        def rejects(value: Any) -> bool | None:
            found = self.library({**base, name: value})
            return False if found.guard is None else True if found.guard == guard else None

        def rejects_foreign(value: Any) -> bool:
            return self.library.glance({**base, name: value}) == guard

        mine = [row for row in rows if row.guard == guard]
        answers = FieldAnswers(
            rejected=tuple(row.kwargs[name] for row in mine),
            accepted=tuple(row.kwargs[name] for row in rows if row.guard is None),
            rejects=rejects,
            domain=Domain(_named(mine, [row.kwargs[name] for row in rows]), self._fields.members.get(name, ())),
            neutral=tuple(row.kwargs[name] for row in rows if row.guard not in (None, guard)),
            rejects_foreign=rejects_foreign if name in self._fields.plain else None,
        )
        return mine, answers

    def _alone(self, name: str, row: Row) -> Iterator[Explanation]:
        assert row.guard is not None
        message = "" if row.exception is None else row.exception.message
        words = quoted(message)
        said = (*words, *map(str.upper, words), *map(str.lower, words), *numbers_in(message))
        sweeps = [(base, *self.sweep(name, base, row.guard, [row.kwargs[name], *said])) for base in self._bases(name)]
        base, mine, answers = max(sweeps, key=lambda sweep: len(sweep[2].accepted) > 1 and bool(sweep[1]))
        for _ in range(_MOST_ROUNDS):
            before = len(self.removed)
            for piece in infer(name, answers):
                yield from self.guarded(piece, row.guard, mine)
            met = distinct(one.counterexample[name] for one in self.removed[before:] if name in one.counterexample)
            accepted = distinct([*answers.accepted, *(v for v in met if self.library({**base, name: v}).guard is None)])
            if len(accepted) == len(answers.accepted):
                return
            answers = replace(answers, accepted=accepted)

    def _bases(self, name: str) -> Iterator[Kwargs]:
        """The bare class, then the company in which the library was seen to accept the field at all."""
        yield {}
        seen = [kwargs for kwargs in self.library.accepted if name in kwargs and len(kwargs) > 1]
        seen = [kwargs for kwargs in seen if not _alike(kwargs[name], self._defaults.get(name))]
        if seen:
            smallest = min(seen, key=len)
            yield {key: value for key, value in smallest.items() if key != name}
        elif self.library({}).guard is not None and self.library.accepted:
            smallest = min(self.library.accepted, key=len)
            yield {key: value for key, value in smallest.items() if key != name}

    def _together(self, given: list[str], row: Row) -> Iterator[Explanation]:
        assert row.guard is not None
        product = self._product(given, row)
        triggered = False
        for fields in across(given, row.kwargs, product, row.guard, self._defaults):
            if self._holds(fields, product, row):
                triggered = True
                yield from self.guarded(fields, row.guard, [r for r in product if r.guard == row.guard])
                break
        if triggered:
            return
        shapes: list[list[Fields]] = []
        for name in given:
            rest = {key: value for key, value in row.kwargs.items() if key != name}
            _, answers = self.sweep(name, rest, row.guard, [row.kwargs[name]])
            pieces = [piece for piece in infer(name, answers) if triggers_on(piece, self._defaults)(row.kwargs)]
            exact = {name: (Clause("==", row.kwargs[name]),)}
            shapes.append([*pieces[:2], exact])
        for combination in itertools.islice(itertools.product(*shapes), 12):
            fields = {subject: clauses for piece in combination for subject, clauses in piece.items()}
            if self._holds(fields, product, row):
                yield from self.guarded(fields, row.guard, [r for r in product if r.guard == row.guard])
                return

    def _product(self, given: list[str], row: Row) -> list[Row]:
        """The fields of a row together at values of their types, and a few that are not."""
        choices = []
        for name in given:
            right = self._fields.toggles.get(name, ())
            odd = _spread(self._fields.pools.get(name, ()), _FEW // 2)
            known = [row.kwargs[name], self._defaults.get(name), True]
            values = distinct([*known, *(right if len(given) == 2 else right[:3]), *(odd if len(given) == 2 else ())])
            choices.append([value for value in values if holdable(value)])
        return [self.library(dict(zip(given, values, strict=True))) for values in itertools.product(*choices)]

    def _holds(self, fields: Fields, product: list[Row], row: Row) -> bool:
        triggers = triggers_on(fields, self._defaults)
        if not triggers(row.kwargs):
            return False
        for probe in product:
            if probe.guard is None and triggers(probe.kwargs):
                self.removed.append(Removed(fields, "the library accepts a config that it claims", probe.kwargs))
                return False
        return True

    def guarded(self, fields: Fields, guard: str, rows: list[Row]) -> Iterator[Explanation]:
        """The predicate, with the guards that other fields turn out to need."""
        triggers = triggers_on(fields, self._defaults)
        claimed = [row for row in rows if triggers(row.kwargs)][:2]
        if not claimed:
            return
        defaults: dict[str, Any] = {}
        guards: dict[str, tuple[Clause, ...]] = {}
        base = claimed[0].kwargs
        for name, values in self._toggles_of(claimed[0]).items():
            alike = [value for value in base.values() if len(base) == 1]
            probes = [self.library({**base, name: value}) for value in (*values, *alike)]
            if all(probe.guard is not None for probe in probes):
                continue
            related = self._related(fields, base, name, guard)
            if related is not None:
                yield from self.guarded(*related)
                return
            found = self._guard(name, base, guard, alike)
            if found is None:
                counter = next(probe.kwargs for probe in probes if probe.guard is None)
                self.removed.append(Removed(fields, f"no guard on {name} can be told", counter))
                return
            guards.update(found)
            if self._defaults.get(name) is not None and not triggers_on(found, {})({}):
                defaults[name] = self._defaults[name]
        joined = dict(fields)
        for subject, clauses in guards.items():
            joined[subject] = (*joined.get(subject, ()), *clauses)
        defaults.update(self._needed_defaults(joined))
        explanation = Explanation(guard, joined, defaults, tuple(claimed))
        refuted = self.contradiction(explanation)
        if refuted is None:
            yield explanation
        else:
            yield from self.repair(explanation, refuted)

    def _toggles_of(self, row: Row) -> Pools:
        """The other fields, at values under which this rejection might vanish."""
        if row.guard is None or (row.exception is not None and judged_alone(row.exception, row.kwargs)):
            return {}
        others = {name: values for name, values in self._fields.toggles.items() if name not in row.kwargs}
        if not self._scarce:
            return others
        few = [
            (name, value) for rank in range(_RANKS) for name, values in others.items() for value in values[rank:][:1]
        ]
        harmless = [(name, value) for name, value in few if self.library.accepts({name: value})]
        groups = (harmless[start : start + _GROUP] for start in range(0, len(harmless), _GROUP))
        wanted = {name for group in groups for name in self._vanishing(row.kwargs, row.guard, group)}
        return {name: values for name, values in others.items() if name in wanted}

    def _vanishing(self, base: Kwargs, guard: str, group: Sequence[tuple[str, Any]]) -> Iterator[str]:
        """The fields of a group with which the library accepts what it rejects without them."""
        found = self.library({**base, **dict(group)})
        if found.guard == guard:
            return
        if len(group) > 1:
            yield from self._vanishing(base, guard, group[: len(group) // 2])
            yield from self._vanishing(base, guard, group[len(group) // 2 :])
        elif self.library.accepts(found.kwargs):
            yield group[0][0]

    def _related(self, fields: Fields, base: Kwargs, name: str, guard: str) -> tuple[Fields, str, list[Row]] | None:
        """The predicate as a relation to another field, where that field's number is the threshold."""
        default = self._defaults.get(name)
        if len(base) != 1 or not is_number(default):
            return None
        seed = self.library({**base, name: default})
        if seed.guard != guard:
            return None
        given = list(seed.kwargs)
        product = self._product(given, seed)
        for related in across(given, seed.kwargs, product, guard, self._defaults):
            if self._holds(related, product, seed):
                return related, guard, [row for row in product if row.guard == guard]
        return None

    def contradiction(self, explanation: Explanation) -> Kwargs | None:
        """A config that the explanation claims and the library was seen to accept."""
        triggers = triggers_on(explanation.fields, explanation.defaults)
        return next((kwargs for kwargs in self.library.accepted if triggers(kwargs)), None)

    def repair(self, explanation: Explanation, counter: Kwargs | None = None) -> Iterator[Explanation]:
        """The explanation as a relation to a field of the config that refuted it, the rest of which stays as it is."""
        counter = self.contradiction(explanation) if counter is None else counter
        if counter is None:
            return
        self.removed.append(Removed(explanation.fields, "the library accepts a config that it claims", counter))
        own = [name for name in explanation.rows[0].kwargs if name in counter]
        for other in counter:
            if len(own) != 1 or other in own or not is_number(self._defaults.get(other)):
                continue
            given = [own[0], other]
            rest = {name: value for name, value in counter.items() if name not in given}
            seed = self.library({**rest, own[0]: explanation.rows[0].kwargs[own[0]], other: self._defaults[other]})
            if seed.guard != explanation.guard:
                continue
            product = [self.library({**rest, **row.kwargs}) for row in self._product(given, seed)]
            for fields in across(given, seed.kwargs, product, explanation.guard, self._defaults):
                mine = tuple(row for row in product if row.guard == explanation.guard)[:2]
                related = Explanation(explanation.guard, fields, self._needed_defaults(fields), mine)
                if self._holds(fields, product, seed) and self.contradiction(related) is None:
                    yield related
                    return

    def _needed_defaults(self, fields: Fields) -> Mapping[str, Any]:
        """The defaults of fields about which the predicate speaks when they are not given (`== None`, `@other`)."""
        own = {name: clauses for name, clauses in fields.items() if self._defaults.get(name) is not None}
        needed = [name for name, clauses in own.items() if triggers_on({name: clauses}, {})({})]
        related = [
            name
            for subject, clauses in fields.items()
            for clause in clauses
            if reference_of(clause.rhs) not in (None, subject)
            for side in (subject, str(reference_of(clause.rhs)))
            for name in parse(side).fields
        ]
        return {name: self._defaults[name] for name in (*needed, *related) if self._defaults.get(name) is not None}

    def _guard(self, name: str, base: Kwargs, guard: str, more: list[Any]) -> Fields | None:
        """The shape of another field's values under which the guard raises, holding for its default."""
        values = distinct([*more, *self._fields.pools[name]])
        rows = [(value, self.library({**base, name: value})) for value in values]
        default, closed = self._defaults.get(name), self._fields.closed

        def rejects(value: Any) -> bool | None:
            found = self.library({**base, name: value})
            return False if found.guard is None else True if found.guard == guard else None

        rejected = [value for value, row in rows if row.guard == guard]
        if default is not None:
            rejected.append(default)
        elif self.library({**base, name: None}).guard == guard:
            rejected.append(None)
        accepted = tuple(value for value, row in rows if row.guard is None)
        answers = FieldAnswers(
            rejected=distinct(rejected),
            accepted=accepted,
            rejects=rejects,
            domain=Domain(is_whole=name in closed and all(fits(value, closed[name]) for value in accepted)),
        )
        unset = {} if default is None else {name: default}
        whole = (*infer(name, answers), {name: (Clause("falsy", True),)}, {name: (Clause("absent", True),)})
        for piece in whole:
            triggers = triggers_on(piece, unset)
            if triggers({}) and not any(triggers({name: value}) for value in answers.accepted):
                return piece
        return None


def _alike(left: Any, right: Any) -> bool:
    return identity(left) == identity(right)


def judged_alone(exception: ObservedException, given: Iterable[str]) -> bool:
    """Whether the library names the very fields that are given as the culprits: no other field can matter then."""
    return bool(exception.locations) and set(exception.locations) == set(given)


def triggers_on(fields: Fields, defaults: Mapping[str, Any]) -> Callable[[Kwargs], bool]:
    compiled = compile_match(Match("", fields, {k: v for k, v in defaults.items() if v is not MISSING}))
    return lambda kwargs: compiled(kwargs, EMPTY)


def _spread(values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    if len(values) <= count:
        return values
    step = len(values) / count
    return tuple(values[int(index * step)] for index in range(count))


def _named(rows: Iterable[Row], values: Iterable[Any]) -> tuple[Any, ...]:
    """The probed values that the guard's usual message names, whatever the value was that it rejected."""
    rows = list(rows)
    rejected = {identity(value) for row in rows for value in row.kwargs.values()}
    worded: dict[str, list[str]] = {}
    for row in rows:
        if row.exception is not None:
            worded.setdefault(message_class(row.exception, row.kwargs), []).append(row.exception.message)
    messages = max(worded.values(), key=len, default=[])
    if len(messages) < 2:
        return ()
    return tuple(
        value
        for value in values
        if identity(value) not in rejected and all(names(message, value) for message in messages)
    )
