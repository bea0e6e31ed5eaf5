"""Fewer clauses say the same: simplified conjunctions against the predicates themselves, value by value."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any, Final

import pytest

from miners.logic.formulas import Atom, Opaque, negate
from miners.logic.normal_form import simplify
from pytest_llem_invariants.model import Clause
from tests.logic.meaning import evaluate

_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, 2, -1, 0.0, 1.0, 2.0, 1.5, math.nan, math.inf, 10**400, "", "a", "1", (), [1], {}),
)
_CLAUSES: Final = (
    *(Clause("==", value) for value in (1, 1.0, "a", True)),
    *(Clause("!=", value) for value in (1, 1.0, "a", "@x")),
    *(Clause("in", values) for values in ([1, "a"], [0, False], [1.0, 2])),
    *(Clause("not_in", values) for values in (["a", 1, 2], [True], [0.0, False])),
    *(Clause(op, 1) for op in ("<", "<=", ">=")),
    Clause(">", 0),
    *(Clause("type_is", names) for names in ("float", "int", "bool", "str", ["int", "bool"])),
    *(Clause("type_is_not", names) for names in ("int", "str", ["int", "float"])),
    *(Clause(op, True) for op in ("truthy", "falsy", "present", "absent")),
)


@pytest.mark.parametrize("count", [2, 3])
def test_simplifying_changes_no_verdict(count: int) -> None:
    changed = [
        (clauses, value)
        for clauses in combinations(_CLAUSES, count)
        for conjunction in [tuple(Atom("x", clause) for clause in clauses)]
        for simplified in [simplify(conjunction)]
        for value in _VALUES
        if _verdict(conjunction, value) is not (simplified is not None and _verdict(simplified, value))
    ]
    assert changed == []


def _verdict(conjunction: tuple[Any, ...], value: Any) -> bool:
    return all(evaluate(one, {"x": value}) is True for one in conjunction)


def test_an_excluded_int_stays_excluded_beside_the_type_float() -> None:
    atoms = (Atom("x", Clause("not_in", ["a", 1, 2])), Atom("x", Clause("type_is", "float")))
    assert simplify(atoms) == (Atom("x", Clause("type_is", "float")), Atom("x", Clause("not_in", [1, 2])))


def test_that_no_element_satisfies_what_one_does_contradicts_itself() -> None:
    some = Atom("each(x)", Clause("==", 1))
    none = negate(some)
    assert isinstance(none, Opaque)
    assert simplify((some, none)) is None
    assert simplify((Atom("each(x)", Clause("==", 2)), none)) is not None
