"""Examples for a predicate: the smallest configs that trigger it, and the nearest ones that do not."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, final

from miners.candidate import Candidate
from miners.facts import ClassFacts, FieldFact
from miners.ranked import Ranks, Test, by_rank
from miners.types import Choice, Group, Instance, alternatives
from miners.values import Surface, class_of, field_at, pools_of, put
from pytest_llem_invariants.expressions import MISSING, parse, read_path
from pytest_llem_invariants.inverse import mappings_by_field, values_by_field
from pytest_llem_invariants.model import EMPTY, Clause, ContextField, Kwargs, Match, TypedValue
from pytest_llem_invariants.predicates import CompiledMatch, compile_match, reference_of, referenced_fields, same
from pytest_llem_invariants.values import Pools, distinct, fits, fitting, holdable, identity

Predicate = Callable[[Kwargs], bool]

_MOST_STEPS: Final = 6_000
_MOST_FIELDS: Final = 10
_FEW: Final = 12
_MOST_CONSTANTS: Final = 200
_MOST_POSITIVES: Final = 16
"""What none of the simplest configs shows, a further one seldom does: other checks stand before it."""
_MOST_NEGATIVES: Final = 160
_BOUNDS: Final = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}


@dataclass(frozen=True, slots=True)
class Examples:
    """A positive and a negative, and the context in which both are meant."""

    positive: Kwargs
    negative: Kwargs
    context: Kwargs = field(default_factory=dict)


def find_examples(
    candidate: Candidate,
    facts: ClassFacts,
    *,
    others: Iterable[Predicate] = (),
    surface: Surface = EMPTY,
    context: Mapping[str, ContextField] = EMPTY,
    proves: Predicate | None = None,
    clears: Callable[[Kwargs, Kwargs], bool] | None = None,
    search: Search | None = None,
) -> Examples | None:
    """The smallest kwargs that satisfy the whole predicate, with the nearest that do not and trigger none of `others`.

    The examples that the candidate brings are taken first where they hold. `proves` and `clears`, where given, ask the
    live library whether a positive really shows the effect and a negative beside it does not; without an agreeing pair
    among the first of each the answer is None. Where no near negative is clean of the others the bare class is taken; a
    negative that triggers another rule is the last resort. `search` is one for this candidate, where the caller has it.
    """
    if search is None:
        search = Search(candidate.fields, candidate.defaults, facts, surface=surface, context=context)
    others = tuple(others)
    positives = itertools.chain(filter(search.triggers, candidate.hints), search.positives())
    positive = _first(positives, proves)
    if positive is None:
        return None
    known = itertools.filterfalse(search.triggers, candidate.clear if positive in candidate.hints else ())
    clear = None if clears is None else partial(clears, positive)
    bare: tuple[Kwargs, ...] = () if search.triggers({}) else ({},)
    further = itertools.islice(search.further_negatives(positive), _MOST_NEGATIVES) if others else ()
    found = itertools.chain(known, itertools.islice(search.negatives(positive), _MOST_NEGATIVES), bare, further)
    negative = _first_clean(found, others, clear)
    if negative is None:
        return None
    return Examples(positive, negative, search.context)


def _first(found: Iterator[Kwargs], accept: Predicate | None) -> Kwargs | None:
    for kwargs in itertools.islice(found, _MOST_POSITIVES):
        if accept is None or accept(kwargs):
            return kwargs
    return None


def _first_clean(found: Iterable[Kwargs], others: tuple[Predicate, ...], clears: Predicate | None) -> Kwargs | None:
    resort: Kwargs | None = None
    for kwargs in found:
        if clears is not None and not clears(kwargs):
            continue
        if not any(other(kwargs) for other in others):
            return kwargs
        resort = resort if resort is not None else kwargs
    return resort


@final
class _Replayed:
    """What an iterator gives, for several to ask, and looked for only as far as somebody did."""

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
    """Backtracking over value pools of the fields that a predicate reads; deterministic and bounded."""

    def __init__(
        self,
        fields: Mapping[str, tuple[Clause, ...]],
        defaults: Mapping[str, Any],
        facts: ClassFacts,
        *,
        surface: Surface = EMPTY,
        context: Mapping[str, ContextField] = EMPTY,
        steps: int = _MOST_STEPS,
        steps_each: int = _MOST_STEPS,
        pools: Pools | None = None,
    ) -> None:
        self._steps = steps
        self._steps_each = steps_each
        """So far the values of one choice of fields are combined, before the next choice has its turn."""
        self._facts = facts
        self._surface = surface
        match = Match("", fields, defaults)
        self._compiled: CompiledMatch = compile_match(match, context_fields=frozenset(context))
        self._parts = tuple(_parts_of(match, context))
        names = referenced_fields(match)
        self.unmet: tuple[str, ...] = ()
        """The context fields of which no known value satisfies the predicate."""
        self.context = self._choose_context(match, names, context)
        self.fields = tuple(name for name in names if name not in context)[:_MOST_FIELDS]
        self._pools = self._make_pools(fields, context, pools_of(facts, surface) if pools is None else pools)
        self._asked_for_nothing = {
            subject for subject, clauses in fields.items() if any(clause.op == "absent" for clause in clauses)
        }
        self._alone = {name: self._tests_of(name, fields, defaults) for name in self.fields}
        self._typed_pools: dict[tuple[str, bool], list[Any]] = {}
        self._seen: set[str] = set()
        self._typed = _Replayed(self._satisfying(loose=False))
        self._rest = _Replayed(self._satisfying(loose=True))

    def triggers(self, kwargs: Kwargs) -> bool:
        return self._compiled({**self._facts.base_kwargs, **kwargs}, self.context)

    def positives(self, *, typed: bool = False) -> Iterator[Kwargs]:
        """Kwargs that satisfy the predicate: fewest fields, type-correct ones (or only them), simplest values first."""
        yield from self._typed
        if not typed:
            yield from self._rest

    def is_of_type(self, kwargs: Kwargs) -> bool:
        """Whether each value is one that its class takes, where types are enforced: any other meets no line of code.

        An object stands for itself, not as the mapping of it.
        """
        return all(self._is_taken(name, read_path(kwargs, name)) for name in self.fields)

    def is_converted(self, name: str, kwargs: Kwargs) -> bool:
        """Whether the class itself makes another value of what is given for a field: that is no effect of a line."""
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
        return fits(value, fact) and not (isinstance(value, list) and _is_no_choice(value, fact))

    def _facts_at(self, name: str) -> tuple[FieldFact, ClassFacts | None]:
        """What is known of a field, and of the class that holds it."""
        parent = name.rpartition(".")[0]
        owner = class_of(field_at(parent, self._facts, self._surface), self._surface) if parent else self._facts
        return field_at(name, self._facts, self._surface), owner

    def _satisfying(self, loose: bool) -> Iterator[Kwargs]:
        steps = iter(range(self._steps))
        allowed = {name: self._allowed(name, loose) for name in self.fields}
        if any(not values for values in allowed.values()):
            return
        optional = [name for name in self.fields if any(value is MISSING for value in allowed[name])]
        mandatory = [name for name in self.fields if name not in optional]
        for extra in range(len(optional) + 1):
            for chosen in itertools.combinations(optional, extra):
                given = [name for name in self.fields if name in mandatory or name in chosen]
                for kwargs in self._assign(given, allowed, itertools.islice(steps, self._steps_each)):
                    key = identity(kwargs)
                    if key not in self._seen:
                        self._seen.add(key)
                        yield kwargs

    def negatives(self, positive: Kwargs) -> Iterator[Kwargs]:
        """Kwargs near a positive that do not satisfy the predicate, nearest first."""
        seen: set[str] = {identity(dict(positive))}
        own = {name.partition(".")[0] for name in self.fields}
        bare = {name: value for name, value in positive.items() if name in own}
        # What brings the positive past other checks may be what another check rejects in its neighbours.
        starts = [positive] if bare == positive else [positive, bare]
        for kwargs in _in_turns([self._near(start) for start in starts]):
            key = identity(kwargs)
            if key not in seen and not self.triggers(kwargs):
                yield kwargs
            seen.add(key)

    def further_negatives(self, positive: Kwargs) -> Iterator[Kwargs]:
        """Those near a positive without one of its fields, which itself may be what another rule is about."""
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
                values = [value for value in self._typed_pool(name, loose) if value is not MISSING]
                for value in sorted(values, key=lambda value: _distance(old, value)):
                    yield self._put(positive, name, value)
            if not loose:
                for name in given:
                    yield self._put(positive, name, MISSING)
        for left, right in itertools.combinations(self.fields, 2):
            for one, other in itertools.product(self._pools[left][:_FEW], self._pools[right][:_FEW]):
                yield self._put(self._put(positive, left, one), right, other)
        yield {}

    def _put(self, kwargs: Kwargs, path: str, value: Any) -> dict[str, Any]:
        if value is MISSING and read_path(kwargs, path) is MISSING:
            return dict(kwargs)
        return put(kwargs, path, value, self._facts, self._surface)

    def _assign(
        self, given: list[str], allowed: Mapping[str, list[Any]], steps: Iterator[int]
    ) -> Iterator[dict[str, Any]]:
        given = [name for name in given if not any(other.startswith(f"{name}.") for other in given)]
        choices = [[value for value in allowed[name] if value is not MISSING] for name in given]
        for ranks in by_rank(list(map(len, choices)), self._tests_in_part(given, choices), steps):
            kwargs = self._with_all(zip(given, map(operator.getitem, choices, ranks), strict=True))
            if self.triggers(kwargs):
                yield kwargs

    def _with_all(self, values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        kwargs: dict[str, Any] = {}
        for name, value in values:
            kwargs = self._put(kwargs, name, value)
        return kwargs

    def _tests_in_part(self, given: list[str], choices: list[list[Any]]) -> list[list[Test]]:
        """Whether what the predicate says of no given field holds, of the first alone, of the first two, and so on.

        Most of a product is ruled out by the values of two fields or one, and need not be built. About the same values
        each part is asked once.
        """
        tests: list[list[Test]] = [[] for _ in (None, *given)]
        for triggers, roots in self._parts:
            places = [place for place, name in enumerate(given) if _root(name) in roots]
            if len(places) < len(given):
                tests[max(places, default=-1) + 1].append(self._test_in_part(triggers, places, given, choices))
        return tests

    def _test_in_part(
        self, triggers: CompiledMatch, places: list[int], given: list[str], choices: list[list[Any]]
    ) -> Test:
        known: dict[Ranks, bool] = {}

        def test(ranks: Ranks) -> bool:
            own = tuple([ranks[place] for place in places])
            if own not in known:
                chosen = ((given[place], choices[place][rank]) for place, rank in zip(places, own, strict=True))
                known[own] = triggers({**self._facts.base_kwargs, **self._with_all(chosen)}, self.context)
            return known[own]

        return test

    def _allowed(self, name: str, loose: bool) -> list[Any]:
        return [value for value in self._typed_pool(name, loose) if self._alone[name](value)]

    def _typed_pool(self, name: str, loose: bool) -> list[Any]:
        if (name, loose) not in self._typed_pools:
            fit = fitting(field_at(name, self._facts, self._surface))
            values = self._pools[name]
            self._typed_pools[name, loose] = [one for one in values if loose or one is MISSING or fit(one)]
        return self._typed_pools[name, loose]

    def _make_pools(
        self, fields: Mapping[str, tuple[Clause, ...]], context: Collection[str], made: Pools
    ) -> dict[str, tuple[Any, ...]]:
        wanted: dict[str, list[Any]] = {name: [] for name in self.fields}
        shared: list[Any] = []
        # What is computed comes first: of its kind alone, a value has the least chance to satisfy that.
        for subject, clauses in sorted(fields.items(), key=lambda one: parse(one[0]).is_field):
            if subject in context:
                continue
            crosses = any(reference_of(clause.rhs) is not None for clause in clauses) or len(parse(subject).fields) > 1
            for name, value in values_by_field(subject, clauses, self._surface):
                if name in wanted:
                    wanted[name].append(value)
                if crosses:
                    shared.append(value)
        for name, mapping in mappings_by_field(fields, self._surface):
            if name in wanted:
                wanted[name].append(mapping)
        pools: dict[str, tuple[Any, ...]] = {}
        others = distinct(shared)
        for name in self.fields:
            fact = field_at(name, self._facts, self._surface)
            first = [value for value in distinct(wanted[name]) if holdable(value)]
            chosen = [value for value in first if value in (fact.literals or ())]
            ordered = [*self._object_of(fact), *chosen, *(value for value in first if fits(value, fact))]
            rest = made.at(name, [*first, *others][:_MOST_CONSTANTS])
            known = fact.name != "" and not fact.required
            unset = () if name in self._facts.fields and not known and fact.required else (MISSING,)
            pools[name] = (*unset, *distinct([*ordered, *rest]))
        return pools

    def _object_of(self, fact: FieldFact) -> tuple[TypedValue, ...]:
        """The object of a field that holds one: it is built with what its class cannot do without, a mapping is not."""
        inner = class_of(fact, self._surface)
        return () if inner is None else (TypedValue(inner.native_type),)

    def _tests_of(
        self, name: str, fields: Mapping[str, tuple[Clause, ...]], defaults: Mapping[str, Any]
    ) -> Callable[[Any], bool]:
        """What the clauses that read this field alone say of a value: it prunes the pools before the product."""
        own = {
            subject: tuple(clause for clause in clauses if reference_of(clause.rhs) in (None, name))
            for subject, clauses in fields.items()
            if parse(subject).fields == (name,)
        }
        compiled = compile_match(Match("", own, {key: value for key, value in defaults.items() if key == name}))

        def test(value: Any) -> bool:
            if value is MISSING:
                return compiled(dict(self._facts.base_kwargs), EMPTY)
            return compiled(self._put({}, name, value), EMPTY)

        return test

    def _choose_context(self, match: Match, names: tuple[str, ...], context: Mapping[str, ContextField]) -> Kwargs:
        """The values of the context fields that satisfy their own clauses; the default where it does."""
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


def _is_no_choice(value: list[Any], fact: FieldFact) -> bool:
    """Whether a list holds what is none of the choices that its type gives."""
    lists = [one for one in alternatives(fact.type) if isinstance(one, Group) and one.items and not one.fixed]
    choices = [one.items[-1] for one in lists]
    known = [choice.values for choice in choices if isinstance(choice, Choice)]
    return bool(known) and len(known) == len(lists) and not any(all(one in values for one in value) for values in known)


def _is_no_word(value: str, fact: FieldFact) -> bool:
    """Whether a text is none of the choices of a field that takes those, or an object, alone."""
    members = tuple(alternatives(fact.type))
    words = [word for one in members if isinstance(one, Choice) for word in one.values]
    return bool(words) and all(isinstance(one, (Choice, Instance)) for one in members) and value not in words


def _is_within(value: float, bounds: Mapping[str, Any]) -> bool:
    return all(holds(value, bounds[key]) for key, holds in _BOUNDS.items() if key in bounds)


def _in_turns(sources: Sequence[Iterator[Kwargs]]) -> Iterator[Kwargs]:
    for row in itertools.zip_longest(*sources):
        yield from (kwargs for kwargs in row if kwargs is not None)


def _parts_of(match: Match, context: Collection[str]) -> Iterator[tuple[CompiledMatch, frozenset[str]]]:
    """What a predicate says of each subject, and the arguments that this depends on: all parts hold, or it does not."""
    for subject, clauses in match.fields.items():
        part = Match("", {subject: clauses}, match.defaults)
        roots = frozenset(map(_root, referenced_fields(part)))
        yield compile_match(part, context_fields=frozenset(context)), roots


def _root(path: str) -> str:
    return path.partition(".")[0]


def _distance(old: Any, new: Any) -> tuple[int, float]:
    """How far a change goes: same type before another, near numbers before far ones."""
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
