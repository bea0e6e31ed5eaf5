"""The configs that a class is probed with: each field alone, those that belong together, and what no list foresaw."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from miners.surface.facts import ClassFacts
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.values import fits
from pytest_llem_invariants.model import Kwargs

_SMALL_PRODUCT: Final = 400
_PER_FIELD: Final = 6
_MOST_PAIRED: Final = 8_000
_SEED: Final = 20240229


def single_field(pools: Mapping[str, tuple[Any, ...]]) -> Iterator[Kwargs]:
    """Every value of every field, alone."""
    for name, values in pools.items():
        for value in values:
            yield {name: value}


def in_turn(pools: Mapping[str, tuple[Any, ...]], facts: ClassFacts, *, fitting: bool) -> Iterator[Kwargs]:
    """One value of every field, then another, so that no field is left out: those of its type, or the others."""
    choices = {
        name: [value for value in values if fits(value, facts.fields[name]) is fitting]
        for name, values in pools.items()
    }
    for rank in range(max(map(len, choices.values()), default=0)):
        yield from ({name: values[rank]} for name, values in choices.items() if rank < len(values))


def cluster(names: tuple[str, ...], pools: Mapping[str, tuple[Any, ...]]) -> Iterator[Kwargs]:
    """The fields of a cluster together: the whole product where it is small, every pair of values where it is not."""
    known = [name for name in names if name in pools]
    choices = [pools[name][:_PER_FIELD] for name in known]
    size = 1
    for values in choices:
        size *= len(values)
    if len(known) > 1 and size <= _SMALL_PRODUCT:
        for values in itertools.product(*choices):
            yield dict(zip(known, values, strict=True))
        return
    for left, right in itertools.combinations(known, 2):
        for one, other in itertools.product(pools[left][:_PER_FIELD], pools[right][:_PER_FIELD]):
            yield {left: one, right: other}


def pairs(facts: ClassFacts, pools: Mapping[str, tuple[Any, ...]], most: int = _MOST_PAIRED) -> Iterator[Kwargs]:
    """Every two fields together, each at a few type-correct values that are not its default."""
    names = list(pools)
    count = len(names) * (len(names) - 1) // 2
    each = 3 if count * 9 <= most else 2 if count * 4 <= most else 1
    few = {name: _beside_default(facts, name, values)[:each] for name, values in pools.items()}
    for left, right in itertools.islice(itertools.combinations(names, 2), most):
        for one, other in itertools.product(few[left], few[right]):
            yield {left: one, right: other}


def _beside_default(facts: ClassFacts, name: str, values: Iterable[Any]) -> list[Any]:
    fact = facts.fields[name]
    return [value for value in values if value is not None and fits(value, fact) and not same(value, fact.default)]


def drawn(
    facts: ClassFacts,
    pools: Mapping[str, tuple[Any, ...]],
    count: int,
    *,
    fields: tuple[int, ...] = (2, 2, 3, 4),
    odd: float = 1 / 3,
) -> Iterator[Kwargs]:
    """Configs of several fields, mostly type-correct, from a fixed seed: what no cluster foresaw."""
    names = list(pools)
    if len(names) < 2:
        return
    source = random.Random(_SEED)
    right = {name: [value for value in values if fits(value, facts.fields[name])] for name, values in pools.items()}
    for _ in range(count):
        chosen = source.sample(names, min(len(names), source.choice(fields)))
        wrong = source.random() < odd
        yield {
            name: source.choice(pools[name] if wrong and position == 0 else right[name] or pools[name])
            for position, name in enumerate(chosen)
        }
