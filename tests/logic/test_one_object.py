"""Of equal formulas there is one object, however it came about."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from miners.logic.formulas import TRUE, And, Atom, Formula, Opaque, Or, Truth, all_of, any_of
from pytest_llem_invariants.model import Clause


def _three(value: Any = 3) -> Atom:
    return Atom("x", Clause("==", value))


def _unsaid(text: str = "f(y)") -> Opaque:
    return Opaque(text, "a.py:1", shape="call", dual=_three())


_MADE: dict[str, Callable[[], Formula]] = {
    "truth": lambda: Truth(True),
    "atom": _three,
    "atom with a list": lambda: Atom("x", Clause("in", [1, 2])),
    "opaque": _unsaid,
    "and": lambda: all_of([_three(), _unsaid()]),
    "or": lambda: any_of([_three(), all_of([_unsaid(), _three(4)])]),
}


@pytest.mark.parametrize("make", _MADE.values(), ids=_MADE.keys())
def test_what_is_made_twice_is_the_same(make: Callable[[], Formula]) -> None:
    made = make()
    assert make() is made
    assert copy.deepcopy(made) is made
    assert pickle.loads(pickle.dumps(made)) is made


def test_values_of_other_types_make_other_atoms() -> None:
    assert len({_three(value) for value in (1, 1.0, True, "1", [1], (1,))}) == 6


def test_the_parts_and_their_order_make_a_junction_what_it_is() -> None:
    parts = (_three(), _unsaid())
    assert len({And(parts), Or(parts), And(parts[::-1]), Or(parts[::-1])}) == 4


def test_what_decides_is_the_last_that_is_asked() -> None:
    given = iter((_three(), TRUE, _unsaid()))
    assert any_of(given) is TRUE
    assert next(given) is _unsaid()
