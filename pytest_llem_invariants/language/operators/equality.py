"""Whether a value equals another, or one of several."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from pytest_llem_invariants.language.kinds import is_unset, same
from pytest_llem_invariants.language.operators.record import Example, Negated, Operator, Schema, UnsayableError
from pytest_llem_invariants.language.values import near_value, neighbours


def _set_or_spelled_out(value: Any, rhs: Any) -> bool:
    return rhs is None if is_unset(value) else same(value, rhs)


def _differs(value: Any, rhs: Any) -> bool:
    return not is_unset(value) and not same(value, rhs)


def _is_in(value: Any, rhs: Any) -> bool:
    return isinstance(rhs, Collection) and any(_set_or_spelled_out(value, member) for member in rhs)


def _is_not_in(value: Any, rhs: Any) -> bool:
    return isinstance(rhs, Collection) and not is_unset(value) and not any(same(value, member) for member in rhs)


def _anything(rhs: Any) -> bool:
    return True


def _members(rhs: Any) -> bool:
    return isinstance(rhs, (list, tuple))


def _opened(rhs: Any) -> Iterable[Any]:
    return rhs if isinstance(rhs, (list, tuple)) else (rhs,)


def _beside_each(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    for member in rhs:
        yield from neighbours(member)


def _chosen(members: list[Any], bools: bool) -> list[Any]:
    if bools:
        raise UnsayableError("it treats true and false as numbers in a list of choices")
    if any(isinstance(member, dict) and "$type" in member for member in members):
        raise UnsayableError("it uses a value that JSON cannot represent")
    if any(isinstance(member, float) and member - member != 0 for member in members):
        raise UnsayableError("it uses a number that JSON cannot represent")
    return members


def _one_of(members: list[Any], bools: bool) -> Schema:
    return {"enum": _chosen(members, bools)}


def _none_of(members: list[Any], bools: bool) -> Schema:
    """An unset value differs from nothing: `!=` and `not_in` need a value."""
    return {"not": {"enum": [*_chosen(members, bools), None]}}


OPERATORS: Final = (
    Operator(
        name="==",
        test=_set_or_spelled_out,
        examples=(
            Example(1, (1, 1.0), (True, 2, "1", None, math.nan, [1])),
            Example(True, (True,), (1, 1.0, "True", None)),
            Example(None, (None,), (0, "", False)),
            Example([1, 2], ([1, 2], (1, 2)), ([2, 1], [1], "12")),
        ),
        accepts=_anything,
        wants="any value",
        aliases=("equals", "eq"),
        negation="!=",
        negated=Negated.GIVEN,
        mirror="==",
        takes=None,
        may_hold_unset=True,
        word="is",
        phrase="is {}",
        fix="set {field} to something other than {rhs}",
        schema=lambda rhs, bools: _one_of([rhs], bools),
        lengths=lambda count: (count, count),
        near=near_value,
    ),
    Operator(
        name="!=",
        test=_differs,
        examples=(Example(1, (2, True, "1", math.nan), (1, 1.0, None)),),
        accepts=_anything,
        wants="any value",
        aliases=("not_equal", "ne"),
        negation="==",
        negated=Negated.GIVEN,
        mirror="!=",
        takes=None,
        word="not",
        phrase="is not {}",
        fix="set {field} to {rhs}",
        schema=lambda rhs, bools: _none_of([rhs], bools),
        near=near_value,
    ),
    Operator(
        name="in",
        test=_is_in,
        examples=(
            Example([1, "x"], (1, 1.0, "x"), (True, 2, None, "y")),
            Example([1, None], (1, None), (2, False)),
            Example([True], (True,), (1, "x", None)),
        ),
        accepts=_members,
        wants="a list",
        negation="not_in",
        negated=Negated.GIVEN,
        takes=None,
        may_hold_unset=True,
        lists=True,
        word="in",
        phrase="is one of {}",
        fix="change {field}",
        schema=lambda rhs, bools: _one_of(list(rhs), bools),
        near=_beside_each,
        constants=_opened,
    ),
    Operator(
        name="not_in",
        test=_is_not_in,
        examples=(Example([1, "x"], (2, True, "y", []), (1, "x", None)), Example([1, None], (2,), (1, None))),
        accepts=_members,
        wants="a list",
        negation="in",
        negated=Negated.GIVEN,
        takes=None,
        lists=True,
        word="not_in",
        phrase="is none of {}",
        fix="change {field}",
        schema=lambda rhs, bools: _none_of(list(rhs), bools),
        near=_beside_each,
        constants=_opened,
    ),
)
