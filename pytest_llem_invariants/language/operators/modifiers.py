"""Operators that test nothing by themselves, but change how the clauses beside them are tested."""

from __future__ import annotations

from typing import Any, Final

from pytest_llem_invariants.language.operators.record import Example, Negated, Operator, Schema
from pytest_llem_invariants.language.values import near_value

BOOL_IS_NUMBER: Final = "bool_is_number"


def _anything(rhs: Any, bools: bool) -> Schema:
    return {}


OPERATORS: Final = (
    Operator(
        name=BOOL_IS_NUMBER,
        test=lambda value, _: True,
        examples=(Example(True, (None, 0, "x"), ()),),
        accepts=lambda rhs: rhs is True,
        wants="true",
        negation=None,
        negated=Negated.JUDGED,
        takes=None,
        may_hold_unset=True,
        is_modifier=True,
        word="",
        phrase="counts bools as numbers",
        fix="change {field}",
        schema=_anything,
        near=near_value,
    ),
)
