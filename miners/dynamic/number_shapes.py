"""Which numbers of a field are rejected: ranges, multiples, and whether a bool counts as one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Final

from miners.dynamic.field_answers import ENOUGH, FIELD, FieldAnswers, Fields, Kind, alone, triggers_of
from miners.dynamic.thresholds import Rejects, bisect
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER
from pytest_llem_invariants.model import Clause

_COMMON_NUMBERS: Final = (*range(-2, 18), 20, 24, 32, 48, 64, 96, 100, 128, 256, 512, 1000, 1024, 2048, 4096, 2**20)
_LARGEST_DIVISOR: Final = 4096


def number_pieces(numbers: Kind, kinds: Mapping[str, Kind], answers: FieldAnswers) -> Iterator[Fields]:
    if not numbers.mixed:
        for kind in ("int", "float"):
            if kind in kinds and kinds[kind].mixed:
                yield from _ranges(kinds[kind], kinds, answers)
        return
    yield from _ranges(numbers, kinds, answers)
    for kind in ("float", "int"):
        if kind in kinds and kinds[kind].mixed:
            yield from _ranges(kinds[kind], kinds, answers, only=kind)


def _ranges(
    numbers: Kind, kinds: Mapping[str, Kind], answers: FieldAnswers, only: str | None = None
) -> Iterator[Fields]:
    accepted = sorted(value for value in numbers.accepted if value == value)
    rejected = sorted(value for value in numbers.rejected if value == value)
    guard = () if only is None else (Clause("type_is", only),)
    if accepted:
        for edge, beyond in (
            (accepted[0], [value for value in rejected if value < accepted[0]]),
            (accepted[-1], [value for value in rejected if value > accepted[-1]]),
        ):
            if beyond:
                nearest = beyond[-1] if beyond[-1] < edge else beyond[0]
                clause = bisect(nearest, edge, answers.rejects)
                if clause is not None and _holds_throughout(clause, answers.rejects):
                    yield from _with_bools((clause, *guard), kinds)
        for low, high in itertools.pairwise(accepted):
            between = [value for value in rejected if low < value < high]
            if between:
                lower = bisect(between[0], low, answers.rejects)
                upper = bisect(between[-1], high, answers.rejects)
                if lower is not None and upper is not None:
                    if lower.op == ">=" and upper.op == "<=" and lower.rhs == upper.rhs:
                        yield alone(Clause("==", lower.rhs))
                    else:
                        yield alone(lower, upper, *guard)
    if any(value != value for value in numbers.rejected):
        yield alone(Clause("!=", f"@{FIELD}"))


def _holds_throughout(clause: Clause, rejects: Rejects) -> bool:
    """Whether the clause claims no common number that the library accepts: a range, not an allowlist."""
    holds = triggers_of(alone(clause))
    return not any(holds(number) and rejects(number) is False for number in _COMMON_NUMBERS)


def _with_bools(clauses: tuple[Clause, ...], kinds: Mapping[str, Kind]) -> Iterator[Fields]:
    """The range for bools too, where the library's verdict on them says that it counts them as numbers."""
    bools = kinds.get("bool", Kind())
    piece = alone(*clauses)
    if bools.rejected:
        counted = alone(*clauses, Clause(BOOL_IS_NUMBER, True))
        triggers = triggers_of(counted)
        if all(triggers(value) for value in bools.rejected) and not any(triggers(value) for value in bools.accepted):
            yield counted
    yield piece


def one_number_pieces(numbers: Kind, answers: FieldAnswers) -> Iterator[Fields]:
    fractional = [value for value in numbers.rejected if isinstance(value, float) and math.isfinite(value)]
    if fractional and all(not value.is_integer() for value in fractional):
        yield alone(Clause("not_divisible_by", 1), Clause("type_is", "float"))
    positive = [value for value in numbers.accepted if isinstance(value, int) and value > 1]
    if len(positive) >= ENOUGH:
        divisor = math.gcd(*positive)
        smaller = (part for part in range(2, min(divisor, _LARGEST_DIVISOR)) if divisor % part == 0)
        divisor = next((part for part in smaller if answers.rejects(part) is False), divisor)
        if divisor > 1:
            yield alone(Clause("not_divisible_by", divisor))
