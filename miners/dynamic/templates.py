"""What relates two fields of a rejected config: the templates, most telling first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from miners.dynamic.field_answers import Fields
from miners.dynamic.rows import Row
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import EMPTY, Clause, Kwargs, Match

_LEAST_CLAIMED: Final = 0.5


def across(
    names: list[str], seed: Kwargs, rows: Iterable[Row], guard: str, defaults: Mapping[str, Any]
) -> Iterator[Fields]:
    """Cross-field predicates that claim the seed and most numeric rows of its guard.

    Those that claim more rows come first, and among equals the templates' own order holds.
    """
    numbers = [name for name in names if is_number(seed[name])]
    mine = [row for row in rows if row.guard == guard and all(_counts(row.kwargs.get(name)) for name in numbers)]
    templates = itertools.chain(_divisibility(names, seed), _comparisons(names, seed), _equalities(names, seed))
    yield from _most_claiming(templates, seed, mine, defaults)


def to_fact(
    names: Sequence[str], fact: str, seed: Kwargs, rows: Iterable[Row], guard: str, defaults: Mapping[str, Any]
) -> Iterator[Fields]:
    """How numbers of the config, alone or multiplied, stand to one of the world, where the seed and most rows do."""
    if not is_number(seed.get(fact)) or not names or not all(is_number(seed.get(name)) for name in names):
        return
    product = " * ".join(names)
    mine = [row for row in rows if row.guard == guard and all(is_number(row.kwargs.get(name)) for name in names)]
    told = [
        {fact: (Clause("not_divisible_by", f"@{product}"),)},
        {product: (Clause("not_divisible_by", f"@{fact}"),)},
        *({product: (Clause(op, f"@{fact}"),)} for op in (">", "<", ">=", "<=", "!=", "==")),
    ]
    yield from _most_claiming(told, seed, mine, defaults)


def _most_claiming(
    templates: Iterable[Fields], seed: Kwargs, mine: Sequence[Row], defaults: Mapping[str, Any]
) -> Iterator[Fields]:
    """Those that claim the seed and most of these rows, by how many they claim."""
    ranked: list[tuple[float, Fields]] = []
    for fields in templates:
        compiled = compile_match(Match("", fields, defaults))
        if compiled(seed, EMPTY) and mine:
            claimed = sum(compiled(row.kwargs, EMPTY) for row in mine) / len(mine)
            if claimed >= _LEAST_CLAIMED:
                ranked.append((claimed, fields))
    yield from (fields for _, fields in sorted(ranked, key=lambda item: -item[0]))


def _counts(value: Any) -> bool:
    return is_number(value) or isinstance(value, bool)


def _with_bools(clause: Clause) -> Iterator[tuple[Clause, ...]]:
    """The clause, and the clause for a library that counts bools as numbers: the rows decide."""
    yield (clause,)
    yield (clause, Clause(BOOL_IS_NUMBER, True))


def _divisibility(names: list[str], seed: Kwargs) -> Iterator[Fields]:
    for left, right in itertools.permutations(names, 2):
        if is_number(seed[left]) and is_number(seed[right]):
            rest = _rest(names, (left, right), seed)
            for clauses in _with_bools(Clause("not_divisible_by", f"@{right}")):
                yield {left: clauses, **rest}


def _comparisons(names: list[str], seed: Kwargs) -> Iterator[Fields]:
    for left, right in itertools.combinations(names, 2):
        if is_number(seed[left]) and is_number(seed[right]):
            rest = _rest(names, (left, right), seed)
            for op in ("<", ">", "<=", ">="):
                for clauses in _with_bools(Clause(op, f"@{right}")):
                    yield {left: clauses, **rest}


def _equalities(names: list[str], seed: Kwargs) -> Iterator[Fields]:
    for left, right in itertools.combinations(names, 2):
        if is_number(seed[left]) and is_number(seed[right]):
            rest = _rest(names, (left, right), seed)
            for op in ("==", "!="):
                yield {left: (Clause(op, f"@{right}"),), **rest}


def _rest(names: list[str], used: tuple[str, str], seed: Kwargs) -> dict[str, tuple[Clause, ...]]:
    return {name: (Clause("==", seed[name]),) for name in names if name not in used}
