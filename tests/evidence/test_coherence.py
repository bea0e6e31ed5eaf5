"""Rules about rules: negatives are clean, no rule repeats another, normalisations settle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_llem_invariants.model import Change, Clause, Kwargs, Outcome, Rule, Severity
from tests.evidence.coherence import (
    implied_duplicates,
    order_dependent_normalisations,
    triggered_negatives,
    unsettled_normalisations,
)
from tests.evidence.test_soundness import rule


def error(name: str, clause: Clause, positive: Kwargs, negative: Kwargs) -> Rule:
    return replace(rule({"n": (clause,)}, positive, negative), id=name)


def dormant(name: str, field: str) -> Rule:
    base = rule({field: (Clause(">", 0),)}, {field: 4}, {field: 0})
    expected = replace(base.expected_outcome, outcome=Outcome.DORMANT_SILENT, normalised_fields=(field,))
    return replace(base, id=name, severity=Severity.DORMANT, expected_outcome=expected)


def test_a_negative_that_triggers_another_rule_is_named() -> None:
    low = error("low", Clause("<", 0), {"n": -1}, {"n": 9})
    high = error("high", Clause(">", 5), {"n": 6}, {"n": 1})
    assert triggered_negatives([low, high]) == ("the negative of low triggers high",)
    assert triggered_negatives([high, replace(low, kwargs_negative={"n": 3})]) == ()


def test_what_fires_on_the_bare_class_spoils_no_negative() -> None:
    low = error("low", Clause("<", 0), {"n": -1}, {"n": 9})
    unset = error("unset", Clause("absent", True), {}, {"n": 1})
    assert triggered_negatives([replace(low, kwargs_negative={}), unset]) == ()


def test_the_narrower_of_two_equal_messages_is_a_duplicate() -> None:
    wide = error("wide", Clause("<", 1), {"n": 0}, {"n": 1})
    narrow = error("narrow", Clause("<", 0), {"n": -1}, {"n": 1})
    assert implied_duplicates([wide, narrow]) == ("narrow is implied by wide, with the same message",)
    assert implied_duplicates([wide, replace(narrow, message_template="something else")]) == ()


def test_two_rules_that_imply_each_other_are_named_once() -> None:
    one = error("one", Clause("<", 1), {"n": 0}, {"n": 1})
    assert len(implied_duplicates([one, replace(one, id="two")])) == 1


def zeroing(native_type: str, kwargs: Kwargs) -> Mapping[str, Change]:
    return {name: Change(value, 0) for name, value in kwargs.items() if value}


def halving(native_type: str, kwargs: Kwargs) -> Mapping[str, Change]:
    return {name: Change(value, value / 2) for name, value in kwargs.items()}


def copying(native_type: str, kwargs: Kwargs) -> Mapping[str, Change]:
    """`a` takes over `b` and `b` takes over `a`: who comes first decides."""
    if {"a", "b"} <= kwargs.keys() and kwargs["a"] != kwargs["b"]:
        return {"a": Change(kwargs["a"], kwargs["b"]), "b": Change(kwargs["b"], kwargs["a"])}
    return {}


def test_normalisations_that_settle_are_fine() -> None:
    rules = [dormant("a", "a"), dormant("b", "b")]
    assert unsettled_normalisations(rules, zeroing) == ()
    assert order_dependent_normalisations(rules, zeroing) == ()


def test_a_normalisation_without_end_is_named() -> None:
    assert len(unsettled_normalisations([dormant("a", "a")], halving)) == 1


def test_changes_that_depend_on_the_order_are_named() -> None:
    second: Any = replace(dormant("b", "b"), kwargs_positive={"b": 7})
    assert len(order_dependent_normalisations([dormant("a", "a"), second], copying)) == 1


def test_a_refusal_is_no_end_and_no_order() -> None:
    def refusing_zero(native_type: str, kwargs: Kwargs) -> Mapping[str, Change] | None:
        return None if 0 in kwargs.values() else copying(native_type, kwargs)

    second: Any = replace(dormant("b", "b"), kwargs_positive={"b": 0})
    rules = [dormant("a", "a"), second]
    assert len(order_dependent_normalisations(rules, copying)) == 1
    assert order_dependent_normalisations(rules, refusing_zero) == ()
    assert unsettled_normalisations([second], lambda *_: None) == ()
