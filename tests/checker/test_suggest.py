from __future__ import annotations

import pytest

from pytest_llem_invariants.checker.suggest import suggestion, ways
from pytest_llem_invariants.model import Clause, Match

EAGER = Match("demo", {"enable_fault_tolerance": (Clause("falsy", True),), "eager": (Clause("==", True),)})


def test_what_is_not_given_is_no_advice_where_the_message_speaks_of_something_else() -> None:
    assert suggestion(EAGER, message="Eager set, graphs are off.") == "turn eager off"


def test_what_is_not_given_is_advice_where_the_message_speaks_of_it_or_there_is_none() -> None:
    both = "turn enable_fault_tolerance on or turn eager off"
    assert suggestion(EAGER, message="Eager needs fault-tolerance.") == both
    assert suggestion(EAGER) == both


def test_what_is_not_given_is_advice_where_nothing_else_helps() -> None:
    match = Match("demo", {"size": (Clause("absent", True),)})
    assert suggestion(match, message="Something is missing.") == "set size"


def test_a_pattern_is_no_advice() -> None:
    match = Match("demo", {"cpus": (Clause("not_matches", "^[0-9]+$"),)})
    assert suggestion(match) == "change cpus"
    (way,) = ways(match, accepted={"cpus": "12"})
    assert way.text == "change cpus, such as to '12'"


@pytest.mark.parametrize(
    ("accepted", "text"), [({"n": 1}, "set n to something other than 0"), ({"n": True}, "turn n on"), ({}, "turn n on")]
)
def test_nobody_is_told_to_turn_a_number_on(accepted: dict[str, object], text: str) -> None:
    (way,) = ways(Match("demo", {"n": (Clause("falsy", True),)}), accepted=accepted)
    assert way.text == text


def test_where_only_numbers_are_left_a_number_is_asked_for() -> None:
    assert suggestion(Match("demo", {"n": (Clause("type_is", ["dict", "list", "str"]),)})) == "give n as a number"


@pytest.mark.parametrize(("reference", "bound"), [("@tp * pp", "count"), ("@tp + pp", None), ("@tp", None)])
def test_what_may_reach_a_fact_is_a_product_that_must_not_be_more(reference: str, bound: str | None) -> None:
    (way,) = ways(Match("demo", {"count": (Clause("<", reference),)}), context=["count"])
    assert way.bound == bound


def test_what_leaves_a_field_out_says_so() -> None:
    fields = {"a": (Clause("present", True),), "b": (Clause("present", False),)}
    assert [way.leaves_out for way in ways(Match("demo", fields))] == [True, False]


@pytest.mark.parametrize(
    ("subject", "clause", "target"),
    [
        ("n", Clause("<", 1), ("values", 1)),
        ("n", Clause(">=", 8), ("values", 7)),
        ("n", Clause("==", True), ("values", False)),
        ("n", Clause("not_in", ["a", None, "b"]), ("values", "a", "b")),
        ("n", Clause("not_divisible_by", 16), ("multiple", 16)),
        ("n", Clause("not_in", [1, float("inf")]), None),
        ("n", Clause("<", "@m"), None),
        ("n", Clause("matches", "a+"), None),
        ("each(keys(c))", Clause("not_in", ["a", "b"]), ("keys", "a", "b")),
        ("heads", Clause("not_divisible_by", "@tp"), ("divisor", "heads")),
        ("count", Clause("<", "@tp"), ("fact", "count", 0)),
    ],
)
def test_a_way_holds_what_to_write(subject: str, clause: Clause, target: tuple[object, ...] | None) -> None:
    (way,) = ways(Match("demo", {subject: (clause,)}), context=["heads", "count"])
    assert way.target == target
