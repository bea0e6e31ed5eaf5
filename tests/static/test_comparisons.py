"""The table of comparisons: where the order of its cases decides what is said."""

from __future__ import annotations

import pytest

from miners.logic.formulas import FALSE, TRUE, Formula, atom
from miners.symbolic.comparisons import CASES, compare
from miners.symbolic.terms import NONE, Bool, Computed, Const, Entry, Field, Items, Term, Text

N, M = Field("n"), Field("m")
POSITIVE = Bool(atom("n", ">", 0))
TABLE = Entry("kind", (("a", 1), ("b", 2), ("c", 1)))


@pytest.mark.parametrize(
    ("op", "left", "right", "said"),
    [
        pytest.param("==", Computed("min(n, m)"), NONE, FALSE, id="the least of several is never said to be absent"),
        pytest.param("<", Const(3), N, atom("n", ">", 3), id="a constant on the left is mirrored"),
        pytest.param("!=", Const(1), TABLE, atom("kind", "==", "b"), id="a table is found on either side"),
        pytest.param("==", Text("a"), Const("a"), TRUE, id="a text without holes is a constant"),
        pytest.param("==", Items((Const(1), N)), NONE, FALSE, id="a list that is partly known is never None"),
        pytest.param("==", Items((Const(1), N)), Items((Const(1), M)), atom("n", "==", "@m"), id="item by item"),
        pytest.param("==", Const(True), POSITIVE, POSITIVE.formula, id="a truth value is found on either side"),
    ],
)
def test_a_comparison_is_decided_by_the_first_case_that_fits(op: str, left: Term, right: Term, said: Formula) -> None:
    assert compare(op, left, right, "text", "place") == said


def test_each_case_gives_the_reason_for_its_place() -> None:
    assert all(case.reason.startswith(("first", "before", "last")) for case in CASES)
