"""The logic says of every operator, and of every two of them together, what their records say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from miners.logic.clauses import imply
from miners.logic.formulas import Atom, Formula, atom, negate
from miners.logic.normal_form import simplify
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.operators import OPERATORS, Operator
from tests.core.operator_cases import ASKING, CLAUSES, VALUES, values_for
from tests.logic.meaning import evaluate

SAID = tuple(dict.fromkeys(said for clause in CLAUSES if isinstance(said := atom("x", clause.op, clause.rhs), Atom)))
"""Each clause as formulas hold it: that a value is None is said by `absent` alone."""

each_operator = pytest.mark.parametrize("operator", ASKING, ids=lambda one: one.name)


each_said = pytest.mark.parametrize("one", SAID, ids=lambda one: f"{one.clause.op} {one.clause.rhs!r}")


def says(formula: Formula, value: Any) -> bool | None:
    return evaluate(formula, {} if value is MISSING else {"x": value})


def holds(one: Atom, value: Any) -> bool:
    return OPERATORS[one.clause.op].test(value, one.clause.rhs)


def values_beside(*atoms: Atom) -> Iterator[Any]:
    """Values of every kind; not the given None that `type_is: none` tells from a missing value: `absent` does not."""
    tells_none = any(OPERATORS[one.clause.op].tells_none(one.clause.rhs) for one in atoms)
    return (value for value in (MISSING, *VALUES) if value is not None or not tells_none)


@each_operator
def test_an_atom_says_what_the_record_says(operator: Operator) -> None:
    for example in operator.examples:
        formula = atom("x", operator.name, example.rhs)
        values = (MISSING, *values_for(operator))
        assert [v for v in values if says(formula, v) is not operator.test(v, example.rhs)] == []


@each_operator
def test_an_atom_and_its_negation_never_hold_both(operator: Operator) -> None:
    for example in operator.examples:
        formula = atom("x", operator.name, example.rhs)
        opposite = negate(formula)
        values = values_for(operator) if not operator.tells_none(example.rhs) else example.yes[1:]
        assert [v for v in (MISSING, *values) if says(formula, v) and says(opposite, v)] == []


@each_said
def test_what_two_clauses_say_together_is_what_each_says(one: Atom) -> None:
    wrong = []
    for other in SAID:
        simplified = simplify((one, other))
        for value in values_beside(one, other):
            together = simplified is not None and all(says(part, value) for part in simplified)
            if together is not (holds(one, value) and holds(other, value)):
                wrong.append((other.clause, simplified, value))
    assert wrong == []


@each_said
def test_what_one_clause_implies_holds_wherever_it_does(one: Atom) -> None:
    implied = [other for other in SAID if imply((one.clause,), other.clause)]
    assert [
        (other.clause, value)
        for other in implied
        for value in values_beside(one, other)
        if holds(one, value) and not holds(other, value)
    ] == []
