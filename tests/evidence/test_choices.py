"""The values that are tried on a field beside what a predicate says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from miners.examples.choices import Choices
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.inverse import values_by_field
from pytest_llem_invariants.model import Clause

FACTS = ClassFacts(
    native_type="lib.Config",
    kind=ClassKind.PLAIN,
    target="lib:Config",
    path="lib.py",
    line=1,
    fields={
        "size": FieldFact(name="size", annotation="int", types=("int",), default=1),
        "mode": FieldFact(name="mode", annotation="str", types=("str",), literals=("fast", "slow"), default="fast"),
        "limit": FieldFact(name="limit", annotation="int", types=("int",), default=9),
    },
)


def test_what_a_predicate_compares_with_comes_first_and_a_field_may_be_left_out() -> None:
    values = Choices(FACTS, {}).of(("size",), {"size": (Clause(">", 40),)}, ())["size"]
    assert values.of_its_type[:4] == (MISSING, 40, 41, 39)
    assert 40.5 in values.of_any_type
    assert "x" in values.of_any_type
    assert "x" not in values.of_its_type


def test_a_value_of_one_field_is_tried_on_the_one_that_it_is_compared_with() -> None:
    fields = {"size": (Clause("==", 77),), "limit": (Clause("<", "@size"),), "mode": (Clause("==", "slow"),)}
    found = Choices(FACTS, {}).of(("size", "limit", "mode"), fields, ())
    assert 77 in found["size"].of_its_type
    assert 77 not in found["limit"].of_its_type  # of the field alone it is said
    assert found["mode"].of_its_type[:2] == (MISSING, "slow")
    crossing = Choices(FACTS, {}).of(("size", "mode"), {"size * 3 + limit": (Clause("==", 71),)}, ())
    assert 71 in crossing["size"].of_its_type
    assert 71 in crossing["mode"].of_any_type


def test_the_context_is_no_argument() -> None:
    found = Choices(FACTS, {}).of(
        ("size",), {"platform": (Clause("==", "cuda"),), "size": (Clause("==", 5),)}, ("platform",)
    )
    assert "cuda" not in found["size"].of_any_type


def test_what_several_predicates_share_is_turned_into_values_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noting(subject: str, *rest: Any) -> Iterator[tuple[str, Any]]:
        asked.append(subject)
        return values_by_field(subject, *rest)

    monkeypatch.setattr("miners.examples.choices.values_by_field", noting)
    choices = Choices(FACTS, {})
    size = {"size": (Clause("in", [1, 2]),)}
    alone = choices.of(("size", "mode"), size, ())
    beside = choices.of(("size", "mode"), {**size, "mode": (Clause("==", "slow"),)}, ())
    assert asked == ["size", "mode"]
    assert beside["size"] is alone["size"]
    assert beside["mode"] != alone["mode"]
    assert Choices(FACTS, {}).of(("size", "mode"), size, ()) == alone


def test_numbers_that_are_equal_and_differ_in_kind_are_told_apart() -> None:
    choices = Choices(FACTS, {})
    whole = choices.of(("size",), {"size": (Clause("==", 1),)}, ())["size"].of_any_type[1]
    part = choices.of(("size",), {"size": (Clause("==", 1.0),)}, ())["size"].of_any_type
    assert type(whole) is int
    assert any(type(value) is float and value == 1.0 for value in part)
