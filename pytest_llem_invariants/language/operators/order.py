"""How two numbers, or two texts, stand in order."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.operators.record import (
    NUMBERS,
    Example,
    Negated,
    Operator,
    Schema,
    Test,
    UnsayableError,
)
from pytest_llem_invariants.language.values import near_value


def _ordered(compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: Any, rhs: Any) -> bool:
        if (is_number(value) and is_number(rhs)) or (isinstance(value, str) and isinstance(rhs, str)):
            return compare(value, rhs)
        return False

    return test


def _orderable(rhs: Any) -> bool:
    return is_number(rhs) or isinstance(rhs, str)


def _bound(keyword: str, test: Test) -> Callable[[Any, bool], Schema]:
    def schema(rhs: Any, bools: bool) -> Schema:
        if isinstance(rhs, str):
            raise UnsayableError("it compares text by order")
        if rhs - rhs != 0:
            raise UnsayableError("it compares with infinity")
        bounded: Schema = {"type": "number", keyword: rhs}
        true = [value for value in (False, True) if bools and test(int(value), rhs)]
        return {"anyOf": [bounded, {"enum": true}]} if true else bounded

    return schema


def _order(
    name: str,
    compare: Callable[[Any, Any], bool],
    examples: tuple[Example, ...],
    *,
    aliases: tuple[str, ...],
    negation: str,
    mirror: str,
    phrase: str,
    fix: str,
    keyword: str,
    lengths: Callable[[int], tuple[int, int | None]],
) -> Operator:
    test = _ordered(compare)
    return Operator(
        name=name,
        test=test,
        examples=examples,
        accepts=_orderable,
        wants="a number or a string",
        aliases=aliases,
        negation=negation,
        negated=Negated.JUDGED,
        mirror=mirror,
        takes=NUMBERS | {"str"},
        word=aliases[0],
        phrase=phrase,
        fix=fix,
        schema=_bound(keyword, test),
        lengths=lengths,
        near=near_value,
    )


OPERATORS: Final = (
    _order(
        "<",
        operator.lt,
        (
            Example(1, (0, -5, 0.5, -math.inf), (1, 2, True, False, "0", None, math.nan)),
            Example("b", ("a", ""), ("b", 1, None)),
        ),
        aliases=("lt",),
        negation=">=",
        mirror=">",
        phrase="is below {}",
        fix="set {field} to at least {rhs}",
        keyword="exclusiveMaximum",
        lengths=lambda count: (0, count - 1),
    ),
    _order(
        "<=",
        operator.le,
        (Example(1, (1, 0, 1.0), (2, math.nan, None, False)),),
        aliases=("le",),
        negation=">",
        mirror=">=",
        phrase="is at most {}",
        fix="set {field} above {rhs}",
        keyword="maximum",
        lengths=lambda count: (0, count),
    ),
    _order(
        ">",
        operator.gt,
        (Example(1, (2, 1.5, math.inf), (1, True, None, "2", math.nan)),),
        aliases=("gt",),
        negation="<=",
        mirror="<",
        phrase="is above {}",
        fix="set {field} to at most {rhs}",
        keyword="exclusiveMinimum",
        lengths=lambda count: (count + 1, None),
    ),
    _order(
        ">=",
        operator.ge,
        (Example(1, (1, 2), (0, None, True)),),
        aliases=("ge",),
        negation="<",
        mirror="<=",
        phrase="is at least {}",
        fix="set {field} below {rhs}",
        keyword="minimum",
        lengths=lambda count: (count, None),
    ),
)

ORDER: Final = tuple(one.name for one in OPERATORS)
