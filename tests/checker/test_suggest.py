from __future__ import annotations

from pytest_llem_invariants.checker.suggest import suggestion
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
