"""Whether a number is a multiple of another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.operators.record import NUMBERS, Example, Negated, Operator


def _divides(value: Any, rhs: Any) -> bool | None:
    """Whether rhs divides value; None if that is undefined."""
    if not is_number(value) or not is_number(rhs) or rhs == 0:
        return None
    try:
        return bool(value % rhs == 0)
    except (ArithmeticError, ValueError):
        return None


def _divisor(rhs: Any) -> bool:
    return is_number(rhs) and rhs != 0


def _multiples(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    yield from (rhs, rhs * 2, rhs + 1, rhs * 3 - 1, rhs / 2)


OPERATORS: Final = (
    Operator(
        name="divisible_by",
        test=lambda value, divisor: _divides(value, divisor) is True,
        examples=(Example(4, (8, 0, -4, 8.0), (6, True, "8", None, math.nan, math.inf)),),
        accepts=_divisor,
        wants="a number other than 0",
        aliases=("multiple_of",),
        negation="not_divisible_by",
        negated=Negated.JUDGED,
        takes=NUMBERS,
        word="divisible_by",
        phrase="is divisible by {}",
        fix="choose {field} so that {rhs} does not divide it",
        schema=lambda rhs, bools: {"type": "number", "multipleOf": abs(rhs)},
        near=_multiples,
    ),
    Operator(
        name="not_divisible_by",
        test=lambda value, divisor: _divides(value, divisor) is False,
        examples=(Example(4, (6, 1.5), (8, True, None, "6")), Example(1, (1.5,), (1.0, 2))),
        accepts=_divisor,
        wants="a number other than 0",
        negation="divisible_by",
        negated=Negated.JUDGED,
        takes=NUMBERS,
        word="not_divisible_by",
        phrase="is not divisible by {}",
        fix="set {field} to a multiple of {rhs}",
        schema=lambda rhs, bools: {"type": "number", "not": {"multipleOf": abs(rhs)}},
        near=_multiples,
    ),
)
