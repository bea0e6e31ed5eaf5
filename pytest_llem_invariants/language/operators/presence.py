"""Whether a value is given, and whether Python treats it as true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pytest_llem_invariants.language.kinds import is_unset
from pytest_llem_invariants.language.operators.record import Example, Negated, Operator, Schema
from pytest_llem_invariants.model import TypedValue

_FALSY: Final[Schema] = {"enum": [False, 0, "", None, [], {}]}
_UNSET: Final[Schema] = {"type": "null"}


def _truth(value: Any) -> bool | None:
    if isinstance(value, TypedValue):
        return True
    try:
        return bool(value)
    except Exception:  # an array's truth is ambiguous, a foreign object's may raise
        return None


def _is_flag(rhs: Any) -> bool:
    return isinstance(rhs, bool)


def _is_true(rhs: Any) -> bool:
    return rhs is True


def _no_values(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    return iter(())


def _true_and_false(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    yield from (1, True, 0, False, "", "x", "off", [], [1])


OPERATORS: Final = (
    Operator(
        name="present",
        test=lambda value, want: is_unset(value) is not want,
        examples=(Example(True, (0, "", False, []), (None,)), Example(False, (None,), (0,))),
        accepts=_is_flag,
        wants="true or false",
        negation="absent",
        negated=Negated.ALL,
        takes=None,
        judges_kind=True,
        may_hold_unset=True,
        word="present",
        phrase="present {}",
        flags={True: "is set", False: "is not set"},
        fix="change {field}",
        schema=lambda rhs, bools: {"not": _UNSET} if rhs else _UNSET,
        near=_no_values,
    ),
    Operator(
        name="absent",
        test=lambda value, want: is_unset(value) is want,
        examples=(Example(True, (None,), (0, False)), Example(False, (0,), (None,))),
        accepts=_is_flag,
        wants="true or false",
        negation="present",
        negated=Negated.ALL,
        takes=None,
        judges_kind=True,
        may_hold_unset=True,
        word="absent",
        phrase="absent {}",
        flags={True: "is not set", False: "is set"},
        fix="change {field}",
        schema=lambda rhs, bools: _UNSET if rhs else {"not": _UNSET},
        near=_no_values,
    ),
    Operator(
        name="truthy",
        test=lambda value, _: not is_unset(value) and _truth(value) is True,
        examples=(Example(True, (1, "x", [0], TypedValue("lib.Other")), (0, "", [], None, False)),),
        accepts=_is_true,
        wants="true",
        negation="falsy",
        negated=Negated.ALL,
        takes=None,
        judges_kind=True,
        word="truthy",
        phrase="truthy {}",
        flags={True: "is true or non-empty"},
        fix="turn {field} off",
        schema=lambda rhs, bools: {"not": _FALSY},
        near=_true_and_false,
    ),
    Operator(
        name="falsy",
        test=lambda value, _: is_unset(value) or _truth(value) is False,
        examples=(Example(True, (0, "", [], None, False), (1, "x", [0])),),
        accepts=_is_true,
        wants="true",
        negation="truthy",
        negated=Negated.ALL,
        takes=None,
        judges_kind=True,
        may_hold_unset=True,
        word="falsy",
        phrase="falsy {}",
        flags={True: "is unset, false or empty"},
        fix="turn {field} on",
        schema=lambda rhs, bools: _FALSY,
        near=_true_and_false,
    ),
)
