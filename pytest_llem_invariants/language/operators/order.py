"""The order of two numbers or two texts."""

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

_KINDS: Final = NUMBERS | {"str"}
_WANTS: Final = "a number or a string"


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


_below: Final = _ordered(operator.lt)
_at_most: Final = _ordered(operator.le)
_above: Final = _ordered(operator.gt)
_at_least: Final = _ordered(operator.ge)

OPERATORS: Final = (
    Operator(
        name="<",
        test=_below,
        examples=(
            Example(1, (0, -5, 0.5, -math.inf), (1, 2, True, False, "0", None, math.nan)),
            Example("b", ("a", ""), ("b", 1, None)),
        ),
        accepts=_orderable,
        wants=_WANTS,
        aliases=("lt",),
        negation=">=",
        negated=Negated.JUDGED,
        mirror=">",
        takes=_KINDS,
        word="lt",
        phrase="is below {}",
        fix="set {field} to at least {rhs}",
        schema=_bound("exclusiveMaximum", _below),
        lengths=lambda count: (0, count - 1),
        near=near_value,
    ),
    Operator(
        name="<=",
        test=_at_most,
        examples=(Example(1, (1, 0, 1.0), (2, math.nan, None, False)),),
        accepts=_orderable,
        wants=_WANTS,
        aliases=("le",),
        negation=">",
        negated=Negated.JUDGED,
        mirror=">=",
        takes=_KINDS,
        word="le",
        phrase="is at most {}",
        fix="set {field} above {rhs}",
        schema=_bound("maximum", _at_most),
        lengths=lambda count: (0, count),
        near=near_value,
    ),
    Operator(
        name=">",
        test=_above,
        examples=(Example(1, (2, 1.5, math.inf), (1, True, None, "2", math.nan)),),
        accepts=_orderable,
        wants=_WANTS,
        aliases=("gt",),
        negation="<=",
        negated=Negated.JUDGED,
        mirror="<",
        takes=_KINDS,
        word="gt",
        phrase="is above {}",
        fix="set {field} to at most {rhs}",
        schema=_bound("exclusiveMinimum", _above),
        lengths=lambda count: (count + 1, None),
        near=near_value,
    ),
    Operator(
        name=">=",
        test=_at_least,
        examples=(Example(1, (1, 2), (0, None, True)),),
        accepts=_orderable,
        wants=_WANTS,
        aliases=("ge",),
        negation="<",
        negated=Negated.JUDGED,
        mirror="<=",
        takes=_KINDS,
        word="ge",
        phrase="is at least {}",
        fix="set {field} below {rhs}",
        schema=_bound("minimum", _at_least),
        lengths=lambda count: (count, None),
        near=near_value,
    ),
)

ORDER: Final = tuple(one.name for one in OPERATORS)
