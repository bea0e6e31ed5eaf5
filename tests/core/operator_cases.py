"""What every operator is tried on: its own examples, and values of every kind."""

from __future__ import annotations

import math
from collections import UserDict
from enum import Enum
from typing import Any, Final

from pytest_llem_invariants.language.operators import OPERATORS, Operator
from pytest_llem_invariants.model import Clause, TypedValue


class Number(int):
    """A number that is no plain int."""


class Text(str):
    """A text that is no plain str."""


class Letter(Enum):
    A = "a"


VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, 2, 4, 6, -1, 10**400, Number(1)),
    *(0.0, -0.0, 0.5, 1.0, 8.0, math.nan, math.inf, -math.inf),
    *("", "a", "ab", "x", "1", Text("a"), b"", b"a"),
    *([], [1], [1, 2], ["a"], (), (1, 2), {}, {"x": 1}, {"x": 1, "y": 2}, UserDict({"x": 1})),
    *(set(), {1}, frozenset({1})),
    *(TypedValue("lib.Other"), TypedValue("lib.Other", {"x": 1}), Letter.A, object(), object),
)
ASKING: Final = tuple(one for one in OPERATORS.values() if not one.is_modifier)
CLAUSES: Final = tuple(Clause(one.name, example.rhs) for one in ASKING for example in one.examples)


def values_for(operator: Operator) -> tuple[Any, ...]:
    """Values of every kind, the operator's own first."""
    own = (value for example in operator.examples for value in (*example.yes, *example.no))
    return (*own, *VALUES)


def kind_of(value: Any) -> str:
    return type(value).__name__
