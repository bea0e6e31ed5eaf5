"""Search configs that satisfy a predicate, and similar ones that do not: bounded and deterministic."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, Final, final

from miners.candidates.claims import parts_of
from miners.examples.choices import Values
from miners.examples.ranked import Ranks, Test, by_rank
from miners.examples.space import SearchSpace
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import class_of, field_at, put
from miners.surface.types import ChoiceType, Group, InstanceType, alternatives
from pytest_llem_invariants.language.expressions import MISSING, parse, read_path
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.predicates import CompiledMatch, compile_match, reference_of, referenced_fields
from pytest_llem_invariants.language.values import distinct, identity
from pytest_llem_invariants.model import EMPTY, Clause, ContextField, Kwargs, Match

_MOST_STEPS: Final = 6_000
_MOST_FIELDS: Final = 10
_FEW: Final = 12
_BOUNDS: Final = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}


@final
class _Replayed:
    """The items of an iterator for several readers, computed only as far as one of them reads."""

    def __init__(self, found: Iterator[Kwargs]) -> None:
        self._further = found
        self._found: list[Kwargs] = []

    def __iter__(self) -> Iterator[Kwargs]:
        for index in itertools.count():
            if index == len(self._found):
                more = next(self._further, None)
                if more is None:
                    return
                self._found.append(more)
            yield self._found[index]


class Search:
    """Backtracking over value pools for the fields that a predicate reads; deterministic and bounded.

    A context field that `world` names has its value; the others have values that satisfy their own clauses.
    """

    def __init__(
        self,
        fields: Mapping[str, tuple[Clause, ...]],
        defaults: Mapping[str, Any],
        space: SearchSpace,
        *,
        world: Mapping[str, Any] = EMPTY,
        steps: int = _MOST_STEPS,
        steps_each: int = _MOST_STEPS,
    ) -> None:
        facts, surface, context = space.facts, space.surface, space.context
        self._steps = steps
        self._steps_each = steps_each
        """The most steps to combine the values of one choice of fields before the next choice."""
        self._facts = facts
        self.base_kwargs = facts.base_kwargs
        self._surface = surface
        match = Match("", fields, defaults)
        self._compiled: CompiledMatch = compile_match(match, context_fields=frozenset(context))
        self.parts = tuple(parts_of(match, context))
        """One test per subject of the predicate, with the arguments it reads."""
        names = referenced_fields(match)
        self.unmet: tuple[str, ...] = ()
        """The context fields of which no known value satisfies the predicate."""
        self.context = {**self._choose_context(match, names, context), **world}
        self.fields = tuple(name for name in names if name not in context)[:_MOST_FIELDS]
        self._asked_for_nothing = {
            subject for subject, clauses in fields.items() if any(clause.op == "absent" for clause in clauses)
        }
        self._predicate = match
        self._context = frozenset(context)
        self._choices = space.choices
        self._seen: set[str] = set()
        self._typed = _Replayed(itertools.chain(self._as_declared(), self._satisfying(loose=False)))
        self._rest = _Replayed(self._satisfying(loose=True))

    def triggers(self, kwargs: Kwargs) -> bool:
        return self._compiled({**self.base_kwargs, **kwargs}, self.context)

    def positives(self, *, typed: bool = False) -> Iterator[Kwargs]:
        """Kwargs that satisfy the predicate: fewest fields first, then type-correct values (or only those), simplest
        first.
        """
        yield from self._typed
        if not typed:
            yield from self._rest

    def is_of_type(self, kwargs: Kwargs) -> bool:
        """Whether the class accepts the type of each value, if it enforces types: any other value reaches no line of
        code.

        An object counts as an object, not as a mapping with its fields.
        """
        return all(self._is_taken(name, read_path(kwargs, name)) for name in self.fields)

    def is_converted(self, name: str, kwargs: Kwargs) -> bool:
        """Whether the class itself converts the value of a field: that is no effect of a line."""
        return self._facts_at(name)[0].literals is None and not self._is_taken(name, read_path(kwargs, name))

    def _is_taken(self, name: str, value: Any) -> bool:
        fact, owner = self._facts_at(name)
        if owner is None or not owner.kind.coerces:
            return True
        if value is MISSING:
            made = fact.default is MISSING and not (fact.nullable or fact.required)
            return not (made and name in self._asked_for_nothing)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not _is_within(value, fact.bounds):
            return False
        if isinstance(value, Mapping) and class_of(fact, self._surface) is not None:
            return False
        if isinstance(value, str) and _is_no_word(value, fact):
            return False
        return self._choices.fits(name, value) and not (isinstance(value, list) and _is_no_choice(value, fact))

    def _facts_at(self, name: str) -> tuple[FieldFact, ClassFacts | None]:
        """The fact of a field, and the class that holds it."""
        parent = name.rpartition(".")[0]
        owner = class_of(field_at(parent, self._facts, self._surface), self._surface) if parent else self._facts
        return field_at(name, self._facts, self._surface), owner

    def _as_declared(self) -> Iterator[Kwargs]:
        """The examples that the engine's file gives of one field, where such a value alone satisfies the predicate."""
        for name in dict.fromkeys(field.partition(".")[0] for field in self.fields):
            fact = self._facts.fields.get(name)
            found = ({name: value} for value in (() if fact is None else fact.whole))
            yield from filter(self.triggers, found)

    def _satisfying(self, loose: bool) -> Iterator[Kwargs]:
        steps = iter(range(self._steps))
        allowed = {name: self._allowed(name, loose) for name in self.fields}
        if any(not values for values in allowed.values()):
            return
        optional = [name for name in self.fields if any(value is MISSING for value in allowed[name])]
        choices = {name: [value for value in values if value is not MISSING] for name, values in allowed.items()}
        asked_for = [roots for triggers, roots in self.parts if not triggers(self.base_kwargs, self.context)]
        tests = _Tests(self, choices)
        for extra in range(len(optional) + 1):
            for chosen in itertools.combinations(optional, extra):
                given = [name for name in self.fields if name not in optional or name in chosen]
                if any(roots.isdisjoint(map(_root, given)) for roots in asked_for):
                    continue  # a part that is false without a value needs one of its fields
                for kwargs in self._assign(given, choices, tests, itertools.islice(steps, self._steps_each)):
                    key = identity(kwargs)
                    if key not in self._seen:
                        self._seen.add(key)
                        yield kwargs

    def negatives(self, positive: Kwargs) -> Iterator[Kwargs]:
        """Kwargs near a positive that do not satisfy the predicate, nearest first."""
        seen: set[str] = {identity(dict(positive))}
        own = {name.partition(".")[0] for name in self.fields}
        bare = {name: value for name, value in positive.items() if name in own}
        # A value that leads the positive past another check may trigger a third check in its neighbours.
        starts = [positive] if bare == positive else [positive, bare]
        for kwargs in _in_turns([self._near(start) for start in starts]):
            key = identity(kwargs)
            if key not in seen and not self.triggers(kwargs):
                yield kwargs
            seen.add(key)

    def further_negatives(self, positive: Kwargs) -> Iterator[Kwargs]:
        """The positive without one of its other fields, which may be the subject of another rule."""
        without = (
            self._put(positive, name, MISSING) for name in self.fields if read_path(positive, name) is not MISSING
        )
        yield from (kwargs for kwargs in _in_turns([*map(self._near, without)]) if not self.triggers(kwargs))

    def _near(self, positive: Kwargs) -> Iterator[dict[str, Any]]:
        given = [name for name in self.fields if read_path(positive, name) is not MISSING]
        free = [name for name in self.fields if name not in given]
        for loose in (False, True):
            for name in (*given, *free):
                old = read_path(positive, name)
                values = [value for value in self._pool(name, loose) if value is not MISSING]
                for value in sorted(values, key=lambda value: _distance(old, value)):
                    yield self._put(positive, name, value)
            if not loose:
                for name in given:
                    yield self._put(positive, name, MISSING)
        for left, right in itertools.combinations(self.fields, 2):
            for one, other in itertools.product(self._pool(left, True)[:_FEW], self._pool(right, True)[:_FEW]):
                yield self._put(self._put(positive, left, one), right, other)
        yield {}

    def _put(self, kwargs: Kwargs, path: str, value: Any) -> dict[str, Any]:
        if value is MISSING and read_path(kwargs, path) is MISSING:
            return dict(kwargs)
        return put(kwargs, path, value, self._facts, self._surface)

    def _assign(
        self, given: list[str], choices: Mapping[str, list[Any]], tests: _Tests, steps: Iterator[int]
    ) -> Iterator[dict[str, Any]]:
        given = [name for name in given if not any(other.startswith(f"{name}.") for other in given)]
        values = [choices[name] for name in given]
        for ranks in by_rank(list(map(len, values)), tests.of(given), steps):
            kwargs = self.with_all(zip(given, map(operator.getitem, values, ranks), strict=True))
            if self.triggers(kwargs):
                yield kwargs

    def with_all(self, values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """The config with these values for these fields."""
        kwargs: dict[str, Any] = {}
        for name, value in values:
            if "." in name:
                kwargs = self._put(kwargs, name, value)
            elif value is not MISSING:
                kwargs[name] = value
        return kwargs

    def _allowed(self, name: str, loose: bool) -> tuple[Any, ...]:
        """The values that satisfy the clauses on one field alone: they reduce the pools before the product."""
        said, test = self._alone[name]
        return self._choices.kept(self._pool(name, loose), said, test)

    def _pool(self, name: str, loose: bool) -> tuple[Any, ...]:
        values = self._values[name]
        return values.of_any_type if loose else values.of_its_type

    @cached_property
    def _values(self) -> Mapping[str, Values]:
        """The values of each field, computed when a search starts: the given examples may be enough."""
        return self._choices.of(self.fields, self._predicate.fields, self._context)

    @cached_property
    def _alone(self) -> dict[str, tuple[str, Callable[[Any], bool]]]:
        return {name: self._said_alone(name) for name in self.fields}

    def _said_alone(self, name: str) -> tuple[str, Callable[[Any], bool]]:
        """The clauses that read this field alone, as text and as a test."""
        fields, defaults = self._predicate.fields, self._predicate.defaults
        own = {
            subject: tuple(clause for clause in clauses if reference_of(clause.rhs) in (None, name))
            for subject, clauses in fields.items()
            if parse(subject).fields == (name,)
        }
        default = {key: value for key, value in defaults.items() if key == name}
        compiled = compile_match(Match("", own, default))

        def test(value: Any) -> bool:
            if value is MISSING:
                return compiled(dict(self.base_kwargs), EMPTY)
            return compiled(self._put({}, name, value), EMPTY)

        return f"{name}: {own!r} {default!r}", test

    def _choose_context(self, match: Match, names: tuple[str, ...], context: Mapping[str, ContextField]) -> Kwargs:
        """The values of the context fields that satisfy their own clauses; the default if it does."""
        chosen: dict[str, Any] = {}
        for name in names:
            if name in context:
                own = Match("", {name: match.fields[name]} if name in match.fields else {})
                compiled = compile_match(own, context_fields=frozenset(context))
                values = distinct((context[name].default, *context[name].values))
                met = [value for value in values if compiled(EMPTY, {name: value})]
                chosen[name] = met[0] if met else values[0]
                self.unmet += () if met else (name,)
        return chosen


@final
class _Tests:
    """Tests of parts of a predicate: two values exclude most of a product."""

    def __init__(self, search: Search, choices: Mapping[str, list[Any]]) -> None:
        self._search = search
        self._choices = choices
        self._made: dict[tuple[int, tuple[str, ...]], Callable[[Ranks], bool]] = {}

    def of(self, given: list[str]) -> list[list[Test]]:
        """Tests for the choice without a value, with the first one, with the first two, and so on."""
        tests: list[list[Test]] = [[] for _ in (None, *given)]
        for number, (_, roots) in enumerate(self._search.parts):
            places = [place for place, name in enumerate(given) if _root(name) in roots]
            if len(places) < len(given):
                test = self._test(number, tuple(given[place] for place in places))
                tests[max(places, default=-1) + 1].append(_at_places(test, places))
        return tests

    def _test(self, number: int, names: tuple[str, ...]) -> Callable[[Ranks], bool]:
        """Whether a part holds for values with these ranks; asked once for each combination."""
        if (number, names) not in self._made:
            search, (triggers, _) = self._search, self._search.parts[number]
            values = [self._choices[name] for name in names]

            @cache
            def holds(ranks: Ranks) -> bool:
                kwargs = search.with_all(zip(names, map(operator.getitem, values, ranks), strict=True))
                return triggers({**search.base_kwargs, **kwargs}, search.context)

            self._made[number, names] = holds
        return self._made[number, names]


def _at_places(test: Callable[[Ranks], bool], places: list[int]) -> Test:
    """The test of the first ranks of a choice. It runs for each one, so its lookups are prepared."""
    if places == list(range(len(places))):
        last = len(places)
        return lambda ranks: test(ranks[:last])
    if len(places) == 1:
        (place,) = places
        return lambda ranks: test((ranks[place],))
    pick = operator.itemgetter(*places)
    return lambda ranks: test(pick(ranks))


def _is_no_choice(value: list[Any], fact: FieldFact) -> bool:
    """Whether a list contains a value that is not among the choices of its type."""
    lists = [one for one in alternatives(fact.type) if isinstance(one, Group) and one.items and not one.fixed]
    choices = [one.items[-1] for one in lists]
    known = [choice.values for choice in choices if isinstance(choice, ChoiceType)]
    return bool(known) and len(known) == len(lists) and not any(all(one in values for one in value) for values in known)


def _is_no_word(value: str, fact: FieldFact) -> bool:
    """Whether a text is not among the choices of a field that takes only those, or an object."""
    members = tuple(alternatives(fact.type))
    words = [word for one in members if isinstance(one, ChoiceType) for word in one.values]
    return bool(words) and all(isinstance(one, (ChoiceType, InstanceType)) for one in members) and value not in words


def _is_within(value: float, bounds: Mapping[str, Any]) -> bool:
    return all(holds(value, bounds[key]) for key, holds in _BOUNDS.items() if key in bounds)


def _in_turns(sources: Sequence[Iterator[Kwargs]]) -> Iterator[Kwargs]:
    for row in itertools.zip_longest(*sources):
        yield from (kwargs for kwargs in row if kwargs is not None)


def _root(path: str) -> str:
    return path.partition(".")[0]


def _distance(old: Any, new: Any) -> tuple[int, float]:
    """The size of a change: the same type before another one, near numbers before far ones."""
    if old is MISSING or old is None:
        return (0, 0.0)
    if same(old, new):
        return (3, 0.0)
    if type(old) is not type(new):
        both = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (old, new))
        return (1 if both else 2, abs(float(old) - float(new)) if both else 0.0)
    if isinstance(old, (int, float)) and not isinstance(old, bool):
        gap = abs(float(old) - float(new))
        return (0, gap if gap == gap else float("inf"))
    if isinstance(old, (str, list)):
        return (0, float(abs(len(old) - len(new))))
    return (0, 0.0)
