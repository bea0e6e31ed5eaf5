"""Thresholds are found exactly, with their openness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.dynamic.thresholds import bisect, edge
from pytest_llem_invariants.model import Clause


@pytest.mark.parametrize(
    ("rejected", "accepted", "rejects", "clause"),
    [
        (-7, 9, lambda v: v < 1 if isinstance(v, int) else None, Clause("<", 1)),
        (-7, 9, lambda v: v <= 0, Clause("<=", 0)),
        (-7, 9, lambda v: v < 0, Clause("<", 0)),
        (-0.5, 0.5, lambda v: v < 0.1, Clause("<", 0.1)),
        (9, 1, lambda v: v > 2, Clause(">", 2)),
        (9.0, 0.5, lambda v: v >= 1, Clause(">=", 1)),
        (float("inf"), 1.0, lambda v: v == float("inf"), Clause(">=", float("inf"))),
        (2**63, 1, lambda v: v > 16384, Clause(">", 16384)),
    ],
)
def test_the_boundary_is_exact(rejected: Any, accepted: Any, rejects: Callable[[Any], Any], clause: Clause) -> None:
    assert bisect(rejected, accepted, rejects) == clause


def test_what_cannot_be_ordered_has_no_threshold() -> None:
    assert bisect("x", 1, lambda _: True) is None
    assert bisect(float("nan"), 1, lambda _: True) is None


@given(st.floats(-1e6, 1e6), st.booleans())
def test_any_float_boundary_separates_as_the_library_does(threshold: float, closed: bool) -> None:
    def rejects(value: float) -> bool:
        return value >= threshold if closed else value > threshold

    clause = bisect(1e9, -1e9, rejects)
    assert clause is not None
    holds = {">": lambda v: v > clause.rhs, ">=": lambda v: v >= clause.rhs}[clause.op]
    for value in (threshold, threshold - 1, threshold + 1):
        assert holds(value) is rejects(value)


@pytest.mark.parametrize(
    ("rejected", "accepted", "rejects", "clause"),
    [
        (8.0, 8.9, lambda v: v < 8.9, Clause("<", 8.9)),
        (8.0, 8.9, lambda v: v < 8.6, Clause("<", 8.6)),
        (8.0, 8.9, lambda v: None, Clause("<=", 8.0)),
        (7.5, 10.0, lambda v: v < 8, Clause("<", 8.0)),
        (0, 64, lambda v: v < 1, Clause("<", 1)),
        (64, 1, lambda v: v > 16, Clause(">", 16)),
        (64, 1, lambda v: None, Clause(">=", 64)),
    ],
)
def test_the_threshold_of_a_fact_lies_between_numbers_as_a_world_has_them(
    rejected: float, accepted: float, rejects: Callable[[float], bool | None], clause: Clause
) -> None:
    assert edge(rejected, accepted, rejects) == clause
