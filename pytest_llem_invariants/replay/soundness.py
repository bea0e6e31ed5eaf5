"""Does a rule's predicate agree with the library near its boundary?

Two examples show that a rule exists, not that its predicate is right. Here the predicate is tested with every constant
in it and its neighbours, with each guard inverted by itself, and with other fields at values from other rules. An
exception counts only if it is the rule's own; another rule's is neither for nor against.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_llem_invariants.language.expressions import MISSING, parse, read_path
from pytest_llem_invariants.language.inverse import values_by_field
from pytest_llem_invariants.language.predicates import reference_of, referenced_fields
from pytest_llem_invariants.language.values import FieldLike, Pools, distinct, holdable, identity, pool
from pytest_llem_invariants.model import EMPTY, Kwargs, Observation, Rule, Severity, Soundness, TypedValue
from pytest_llem_invariants.replay.contracts import is_own

Predicate = Callable[[Kwargs], bool]
Observe = Callable[[Kwargs], Observation]

_MOST_PROBES: Final = 240
_MOST_PER_FIELD: Final = 90
_FEW: Final = 7
_KEPT_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A field without a declaration."""

    types: tuple[str, ...] = ()
    element_types: tuple[str, ...] = ()
    nullable: bool = True
    literals: tuple[Any, ...] | None = None
    default: Any = MISSING
    examples: tuple[Any, ...] = ()
    words: tuple[Any, ...] = ()

    @property
    def bounds(self) -> Mapping[str, Any]:
        return EMPTY


_UNKNOWN: Final = _Unknown()


def boundary_probes(
    rule: Rule,
    facts: Mapping[str, FieldLike] = EMPTY,
    *,
    company: Iterable[Kwargs] = (),
    beside: Mapping[str, tuple[Any, ...]] | None = None,
    context_fields: Iterable[str] = (),
    limit: int = _MOST_PROBES,
    pools: Pools | None = None,
) -> Iterator[Kwargs]:
    """Deterministic configs near the boundary of a rule's predicate, without repetition.

    `facts` has the declarations of the class's fields. `company` are the examples of other rules of the class: their
    values are combined with this rule's own, and so are a few values of each field. `few_of` computes those from the
    facts once, as `declared_pools` computes the `pools`.
    """
    few, pools = few_of(facts) if beside is None else beside, declared_pools(facts) if pools is None else pools
    around = _around(rule, pools, few, frozenset(context_fields))
    found = itertools.chain(around, _in_company(rule, company))
    seen: set[str] = set()
    for kwargs in found:
        if len(seen) >= limit:
            return
        key = identity(kwargs)
        if key not in seen:
            seen.add(key)
            yield kwargs


def worded_probes(
    rule: Rule, words_of: Callable[[str], Iterable[Any]], beside: Mapping[str, Iterable[Any]] = EMPTY
) -> Iterator[Kwargs]:
    """The bare class and a rule's own example, with each real word of the rule's fields.

    There is no limit for them: a rule that rejects a type must be right for all of them. Its example is also combined
    with values of other fields from `beside`.
    """
    names = referenced_fields(rule.match)
    for name in names:
        for word in words_of(name):
            for base in ({}, rule.kwargs_positive):
                yield from _with(base, name, word)
    for name, values in beside.items():
        if name not in names and name not in rule.kwargs_positive:
            for value in values:
                yield from _with(rule.kwargs_positive, name, value)


def declared_pools(facts: Mapping[str, FieldLike]) -> Pools:
    """The values of each field, computed once for all the rules of a class."""
    return Pools(lambda name: facts.get(name, _UNKNOWN))


def few_of(facts: Mapping[str, FieldLike], most: int = 2) -> Mapping[str, tuple[Any, ...]]:
    """Some values of each field, computed once for all the rules of a class."""
    return {name: _spread(pool(fact), most) for name, fact in facts.items()}


def judge(
    rule: Rule,
    predicate: Predicate,
    observe: Observe,
    probes: Iterable[Kwargs],
    *,
    explained: Predicate = lambda kwargs: False,
) -> Soundness:
    """Compare the predicate's answer with the library's for every probe.

    `explained` says whether another rule claims the same effect: if several rules describe one guard, each is
    responsible for its own part.
    """
    count = agreed = 0
    overbroad: list[Kwargs] = []
    underbroad: list[Kwargs] = []
    for kwargs in probes:
        claims = predicate(kwargs)
        observation = observe(kwargs)
        if observation.skipped_reason is not None:
            continue
        own = is_own(rule, observation)
        if claims is not own and observation.exception is not None and not own:
            continue
        count += 1
        if claims is own or (own and explained(kwargs)):
            agreed += 1
        else:
            (underbroad if own else overbroad).append(kwargs)
    return Soundness(count, agreed, _smallest(overbroad), _smallest(underbroad))


def refuting(rule: Rule, claims: Predicate, observe: Observe, probes: Iterable[Kwargs]) -> tuple[Kwargs, ...]:
    """The smallest probes that contradict a predicate which claims them; the library is asked about no others."""
    return _smallest([kwargs for kwargs in probes if claims(kwargs) and _is_silent(rule, observe(kwargs))])


def _is_silent(rule: Rule, observation: Observation) -> bool:
    """Whether the library ignores what a rule claims, and no earlier check raises."""
    return observation.skipped_reason is None and observation.exception is None and not is_own(rule, observation)


def _smallest(examples: list[Kwargs]) -> tuple[Kwargs, ...]:
    return tuple(sorted(examples, key=lambda kwargs: (len(kwargs), len(repr(kwargs))))[:_KEPT_EXAMPLES])


def _around(
    rule: Rule,
    pools: Pools,
    beside: Mapping[str, tuple[Any, ...]],
    context_fields: frozenset[str],
) -> Iterator[Kwargs]:
    yield from (rule.kwargs_positive, rule.kwargs_negative, {})
    names = [name for name in referenced_fields(rule.match) if name not in context_fields]
    # Each guard by itself first: for a rule with many, the limit would otherwise cut off the last one.
    yield from (one for name in names for one in _with(rule.kwargs_positive, name, MISSING))
    values_of = _values(rule, names, pools)
    per_field = max(_MOST_PER_FIELD // max(len(names), 1), 2 * _FEW)
    # The fields in turns: with few probes, the values of the first would use them all.
    for base in (rule.kwargs_positive, rule.kwargs_negative):
        choices = [[(name, value) for value in (MISSING, None, *_spread(values_of[name], per_field))] for name in names]
        for turn in itertools.zip_longest(*choices):
            for choice in turn:
                if choice is not None:
                    yield from _with(base, *choice)
    if rule.severity is Severity.ERROR:
        for name in names:
            for value in _spread(values_of[name], _FEW):
                yield from _with({}, name, value)
    for left, right in itertools.combinations(names, 2):
        pairs = itertools.product(_spread(values_of[left], _FEW), _spread(values_of[right], _FEW))
        for one, other in pairs:
            for half in _with(rule.kwargs_positive, left, one):
                yield from _with(half, right, other)
    for name, values in beside.items():
        if name not in names and name not in rule.kwargs_positive:
            for value in values:
                yield from _with(rule.kwargs_positive, name, value)


def _in_company(rule: Rule, company: Iterable[Kwargs]) -> Iterator[Kwargs]:
    own = rule.kwargs_positive
    for kwargs in company:
        foreign = {name: value for name, value in kwargs.items() if name not in own}
        if foreign:
            yield {**own, **foreign}


def _values(rule: Rule, names: list[str], pools: Pools) -> dict[str, tuple[Any, ...]]:
    wanted: dict[str, list[Any]] = {name: [] for name in names}
    for subject, clauses in rule.match.fields.items():
        crosses = any(reference_of(clause.rhs) is not None for clause in clauses) or len(parse(subject).fields) > 1
        for name, value in values_by_field(subject, clauses, ()):
            for target in names if crosses else [name]:
                if target in wanted and holdable(value):
                    wanted[target].append(value)
    return {name: distinct([*wanted[name], *pools.of(name).beside(distinct(wanted[name])[:_FEW])]) for name in names}


def _spread(values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """The first half from the front, where the boundary is, the rest evenly from the remaining ones."""
    if len(values) <= count:
        return values
    front = (count + 1) // 2
    rest = values[front:]
    step = len(rest) / (count - front) if count > front else 1
    return values[:front] + tuple(rest[int(index * step)] for index in range(count - front))


def _with(kwargs: Kwargs, path: str, value: Any) -> Iterator[Kwargs]:
    """The kwargs with one field set (or removed, for MISSING); nothing if the field's parent is not given."""
    first, _, rest = path.partition(".")
    if rest:
        parent = kwargs.get(first)
        if isinstance(parent, TypedValue):
            for inside in _with(parent.kwargs, rest, value):
                yield {**kwargs, first: TypedValue(parent.type, inside)}
        elif isinstance(parent, Mapping):
            for inside in _with(parent, rest, value):
                yield {**kwargs, first: inside}
    elif value is not MISSING:
        yield {**kwargs, first: value}
    elif read_path(kwargs, first) is not MISSING:
        yield {name: kept for name, kept in kwargs.items() if name != first}
