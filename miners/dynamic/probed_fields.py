"""The fields of a class that are probed, each with the values to try on it and what stands for it by default."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from miners.dynamic.allowed import is_plain
from miners.surface.facts import ClassFacts, FieldFact, is_closed
from miners.surface.fields import Surface, class_of
from miners.surface.types import ChoiceType, alternatives
from pytest_llem_invariants.language.expressions import MISSING, is_number
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.values import distinct, fits, holdable, pool, resolve_class
from pytest_llem_invariants.model import Kwargs, TypedValue

Pools = Mapping[str, tuple[Any, ...]]
_TOGGLES: Final = 6


@final
@dataclass(frozen=True, slots=True)
class ProbedFields:
    """What is known of the fields before any is probed."""

    pools: Pools
    """The values to try on each field."""
    defaults: Mapping[str, Any]
    toggles: Pools
    """A few of the values, under some of which a guard of another field may vanish."""
    closed: Mapping[str, FieldFact]
    """The fields of few values."""
    members: Mapping[str, tuple[str, ...]]
    """The names that the enums of these give."""
    plain: frozenset[str]
    """The fields that are declared with builtin types alone."""


def pools_of(facts: ClassFacts, surface: Surface, constants: Mapping[str, Iterable[Any]]) -> Pools:
    """The values to try on each field that may be given: those of its type, and what its class compares it with."""
    typed = tuple(surface)
    return {
        name: pool(fact, [*choices_of(fact), *_objects(fact, surface), *constants.get(name, ())], typed)
        for name, fact in facts.fields.items()
        if fact.settable
    }


def answered(pools: Pools, answers: Callable[[Kwargs], bool]) -> Pools:
    """The values after which the library comes back."""
    return {name: tuple(value for value in values if answers({name: value})) for name, values in pools.items()}


def fields_with(pools: Pools, facts: ClassFacts, surface: Surface) -> ProbedFields:
    """The fields with these values, and what is declared of them."""
    closed = {name: facts.fields[name] for name in pools if is_closed(facts.fields[name])}
    return ProbedFields(
        pools,
        {**{name: default_of(facts.fields[name], tuple(surface)) for name in pools}, **facts.base_kwargs},
        {name: _toggles(facts.fields[name], values) for name, values in pools.items()},
        closed,
        {name: members_of(fact) for name, fact in closed.items()},
        frozenset(name for name in pools if is_plain(facts.fields[name].types)),
    )


def default_of(fact: FieldFact, typed: Iterable[str]) -> Any:
    """What stands for a field that is not given: its default or what its factory makes; None where unknown."""
    if fact.default is not MISSING:
        return fact.default if holdable(fact.default) else None
    if fact.required or fact.nullable or not fact.types:
        return None
    name = fact.types[0]
    if name in ("list", "dict", "set", "tuple"):
        return {} if name == "dict" else []
    full = resolve_class(name, typed)
    return None if full is None else TypedValue(full)


def choices_of(fact: FieldFact) -> list[Any]:
    """The values of a Literal that stands beside other types."""
    return [value for one in alternatives(fact.type) if isinstance(one, ChoiceType) for value in one.values]


def members_of(fact: FieldFact) -> tuple[str, ...]:
    """The names of the enums that a field holds: a library may take these for the values."""
    return tuple(name for one in alternatives(fact.type) if isinstance(one, ChoiceType) for name in one.names)


def _objects(fact: FieldFact, surface: Surface) -> list[TypedValue]:
    """The object of the surface's class that the field holds, made in a few ways: of one alone no kind can be told."""
    inner = class_of(fact, surface)
    return [] if inner is None else [TypedValue(inner.native_type, example) for example in fact.examples]


def _toggles(fact: FieldFact, values: Iterable[Any]) -> tuple[Any, ...]:
    """A few type-correct values far from each other and from the default: under some of them a guard may vanish."""
    right = [value for value in values if fits(value, fact) and not same(value, fact.default)]
    numbers = sorted(value for value in right if is_number(value) and math.isfinite(value))
    if len(numbers) > _TOGGLES:
        numbers = [numbers[0], *(value for value in right if is_number(value) and value > 0)][: _TOGGLES - 1] + numbers[
            -1:
        ]
    others = [value for value in right if not is_number(value)]
    return distinct([*numbers, *others[:_TOGGLES]])
