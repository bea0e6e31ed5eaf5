"""Configs that challenge rules taken singly: constants of several rules together, and text that is coerced.

A rule is probed around its own predicate. That predicate cannot foresee that another field's constant moves its
threshold, or that the text "N" is false where a bool is declared.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, class_of, field_at, put, words_of
from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.inverse import constants_of
from pytest_llem_invariants.language.values import distinct, fits, fitting, holdable, identity, neighbours, taking
from pytest_llem_invariants.model import EMPTY, AddedBy, Kwargs, Rule, TypedValue
from pytest_llem_invariants.replay.soundness import few_of

COERCED: Final = (
    *("N", "no", "Off", "F", "0", "false", "False", "Y", "yes", "ON", "t", "1", "true", "TRUE"),
    *("0-0.0", "0-1", "007", " 1 ", "+1", "1_000", "1.0", "-0", "-1", " 64 ", "2.5", "1e3", ".5", "inf", "nan"),
)
"""Texts that libraries read as a truth value or a number, some of them unexpectedly."""
KINDS: Final[tuple[Any, ...]] = (
    *(True, 7, 131072, 2.5, "x", {}, {"x": 1}),
    *([], [1], ["x"], [4, 2, 1], [1, 2, 4], [2, 1, 2], [2.5, 0.5], [1, math.nan], ["y", "x", "y"]),
)
"""Values that lists of certain words omit; lists of several elements in any order, some elements repeated."""
_MOST_CONTENTS: Final = 8
"""The most values per field of an object inside a field."""
_T = TypeVar("_T")
_NEAREST: Final = 3
"""The constant itself, and this many values around it, less one."""


def jointly(rules: Sequence[Rule], facts: ClassFacts, most: int, surface: Surface = EMPTY) -> Iterator[Kwargs]:
    """Each constant, also as text; one value of each kind; one object per content; and a limited number of joint
    configs.

    The joint ones are two fields at the same constant or at one each, examples with odd text, and examples combined
    with another rule's negative, which the library accepts.
    """
    values = _known_values(rules, facts, surface)
    source = random.Random(f"joint challenges of {facts.native_type}")

    def at(name: str, value: Any, beside: Kwargs = EMPTY) -> Kwargs:
        return put(beside, name, value, facts, surface)

    @cache
    def is_text(name: str) -> bool:
        return fits("x", field_at(name, facts, surface))

    for name, known in values.items():
        inner = class_of(field_at(name, facts, surface), surface)
        objects = () if inner is None else _varied(inner)
        as_text = (str(value) for value in known if isinstance(value, (int, float)))
        words = words_of(name, facts, surface)
        lists = (other for value in known if isinstance(value, list) for other in permuted(value))
        yield from (at(name, value) for value in (*known, *as_text, *KINDS, *objects, *words, *lists))
    share = most // 4
    odd = [
        (kwargs, name, text)
        for kwargs in distinct(rule.kwargs_positive for rule in rules)
        for name in kwargs
        if not is_text(name)
        for text in COERCED
    ]
    yield from (at(name, text, kwargs) for kwargs, name, text in _some(odd, share, source))
    same = tuple(_at_the_same(values, facts, surface))
    yield from (at(right, value, at(left, value)) for left, right, value in _some(same, share, source))
    accepted = [kwargs for kwargs in distinct(rule.kwargs_negative for rule in rules) if len(kwargs) > 1]
    probed = [rule.kwargs_positive for rule in rules if rule.added_by is AddedBy.DYNAMIC_MINER]
    beside = [(kwargs, positive) for positive in distinct(probed) for kwargs in accepted]
    yield from ({**kwargs, **positive} for kwargs, positive in _some(beside, share, source))
    for (left, one), (right, other) in _pairs(values, share, source):
        yield at(right, other, at(left, one))


def _at_the_same(
    values: Mapping[str, Sequence[Any]], facts: ClassFacts, surface: Surface
) -> Iterator[tuple[str, str, Any]]:
    """Two fields, and a value with which the first is compared and which the second may take."""
    told = {name: [(identity(value), value) for value in known] for name, known in values.items()}
    every = {key: value for known in told.values() for key, value in known}
    declared = {name: field_at(name, facts, surface) for name in values}
    kinds = {name: taking(fact) for name, fact in declared.items()}
    held: dict[str, set[str]] = {}
    for name, kind in kinds.items():
        if kind not in held:
            is_fitting = fitting(declared[name])
            held[kind] = {key for key, value in every.items() if is_fitting(value)}
    for left, right in itertools.permutations(values, 2):
        yield from ((left, right, value) for key, value in told[left] if key in held[kinds[right]])


def permuted(values: list[Any]) -> Iterator[list[Any]]:
    """A list of several elements reversed, rotated by one, and with its last element repeated at the front."""
    if len(values) > 1:
        yield from (values[::-1], [*values[1:], values[0]], [values[-1], *values])


def _varied(inner: ClassFacts) -> Iterator[TypedValue]:
    """Objects of a class with one field set: a rule about the object may hold only for its default values."""
    for field, values in few_of(inner.fields, _MOST_CONTENTS).items():
        yield from (TypedValue(inner.native_type, {field: value}) for value in values if holdable(value))


def _known_values(rules: Iterable[Rule], facts: ClassFacts, surface: Surface) -> dict[str, tuple[Any, ...]]:
    """Field → the constants of rules on it, and the values around them that have the field's type."""
    found: dict[str, list[Any]] = {}
    for rule in rules:
        for subject, clauses in rule.match.fields.items():
            constants = constants_of({subject: clauses})
            for name in parse(subject).fields:
                if name.partition(".")[0] in facts.fields:
                    fact = field_at(name, facts, surface)
                    near = [near for value in constants for near in _nearest(value) if fits(near, fact)]
                    found.setdefault(name, []).extend([*constants, *near])
    return {name: distinct(values) for name, values in found.items()}


def _nearest(value: Any) -> Iterator[Any]:
    return (near for near in itertools.islice(neighbours(value), _NEAREST) if holdable(near))


def _pairs(
    values: Mapping[str, Sequence[Any]], most: int, source: random.Random
) -> Iterator[tuple[tuple[str, Any], tuple[str, Any]]]:
    """Two fields with a value each: all pairs if they are few, else equally many for every two fields."""
    fields = list(itertools.combinations([name for name in values if values[name]], 2))
    each = max(most // max(len(fields), 1), 1)
    chosen = fields if len(fields) <= most else source.sample(fields, most)
    for left, right in chosen:
        first, second = values[left], values[right]
        for index in _some(range(len(first) * len(second)), each, source):
            yield (left, first[index // len(second)]), (right, second[index % len(second)])


def _some(values: Sequence[_T], most: int, source: random.Random) -> Sequence[_T]:
    """At most so many of the values, in order."""
    if len(values) <= most:
        return values
    return [values[index] for index in sorted(source.sample(range(len(values)), most))]
