from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from miners.discovery.shapes import shape_of, type_of
from miners.schema.accepts import accepts, is_within
from miners.schema.change import ChangeKind
from miners.schema.diff import compare_types
from miners.surface.types import (
    ANY,
    NONE,
    UNTYPED,
    Bounded,
    ChoiceType,
    Either,
    Group,
    InstanceType,
    Plain,
    TypeExpr,
    UnknownType,
)
from tests.discovery.types_drawn import TYPES, values_of, widenings

INT, FLOAT, STR, BOOL = Plain("int"), Plain("float"), Plain("str"), Plain("bool")

SLOW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
)


def bounded(kind: TypeExpr, **bounds: Any) -> TypeExpr:
    return Bounded(kind, bounds)


@settings(SLOW, max_examples=300)
@given(st.data())
def test_what_is_said_to_be_within_is_accepted(data: st.DataObject) -> None:
    old = data.draw(TYPES, label="old")
    new = data.draw(st.one_of(TYPES, widenings(old)), label="new")
    assume(is_within(old, new))
    value = data.draw(values_of(old), label="value")
    assume(accepts(old, value))
    assert accepts(new, value)


@settings(SLOW, max_examples=150)
@given(st.data())
def test_what_diff_calls_widened_still_takes_every_value_of_before(data: st.DataObject) -> None:
    old = data.draw(TYPES, label="old")
    new = data.draw(widenings(old), label="new")
    change = compare_types(old, new)
    value = data.draw(values_of(old), label="value")
    if change in (None, ChangeKind.TYPE_WIDENED) and accepts(old, value):
        assert accepts(new, value)


@example(Bounded(Bounded(Plain("int"), {"gt": 1}), {"gt": 0}))
@example(Bounded(Bounded(Plain("int"), {"multiple_of": 2}), {"multiple_of": 3}))
@settings(SLOW, max_examples=100)
@given(TYPES)
def test_a_type_is_within_itself_and_within_any(type_: TypeExpr) -> None:
    assert is_within(type_, type_)
    assert is_within(type_, ANY)
    assert compare_types(type_, type_) is None


def test_of_two_bounds_of_one_name_the_stricter_counts() -> None:
    twice = Bounded(Bounded(Plain("int"), {"gt": 5}), {"gt": 0})
    assert is_within(twice, Bounded(Plain("int"), {"gt": 4}))
    assert not is_within(Bounded(Plain("int"), {"gt": 4}), twice)


@settings(SLOW, max_examples=100)
@given(TYPES)
def test_a_shape_is_read_back_as_the_type_it_was_made_of(type_: TypeExpr) -> None:
    assert shape_of(type_of(shape_of(type_))) == shape_of(type_)


WIDER = [
    (INT, Either((INT, NONE))),
    (INT, FLOAT),
    (ChoiceType((1, 2)), INT),
    (ChoiceType(("a",)), ChoiceType(("b", "a"))),
    (ChoiceType(("a",)), STR),
    (ChoiceType((None, "a")), Either((STR, NONE))),
    (BOOL, ChoiceType((True, False, "auto"))),
    (BOOL, Either((ChoiceType((True,)), ChoiceType((False,)), NONE))),
    (bounded(INT, ge=1), bounded(INT, ge=0)),
    (bounded(INT, ge=1), INT),
    (bounded(FLOAT, gt=0), bounded(FLOAT, ge=0)),
    (bounded(INT, multiple_of=6), bounded(INT, multiple_of=3)),
    (bounded(STR, min_length=2, max_length=3), bounded(STR, min_length=1, max_length=4)),
    (bounded(Either((INT, NONE)), ge=1), Either((bounded(INT, ge=0), NONE))),
    (ChoiceType((3, 5)), bounded(INT, gt=2, le=5)),
    (Group("list", (INT,)), Group("Sequence", (FLOAT,))),
    (Group("list", (INT,)), Group("list")),
    (Group("tuple", (INT, INT), True), Group("tuple", (INT,))),
    (Group("tuple", (INT, STR), True), Group("Sequence", (Either((INT, STR)),))),
    (Group("tuple", (INT, STR), True), bounded(Group("tuple"), min_length=1, max_length=2)),
    (Group("dict", (STR, INT)), Group("Mapping", (STR, Either((INT, NONE))))),
    (Either((INT, STR)), Either((STR, FLOAT))),
    (InstanceType("Path", "pathlib"), Either((InstanceType("Path", "pathlib"), STR))),
    (UnknownType("Elusive"), Either((UnknownType("Elusive"), NONE))),
]
SAME = [
    (Either((INT, STR)), Either((STR, INT))),
    (bounded(INT, gt=0), bounded(INT, ge=1)),
    (bounded(INT, lt=5), bounded(INT, le=4)),
    (BOOL, ChoiceType((True, False))),
    (NONE, ChoiceType((None,))),
    (InstanceType("C", "lib.config"), InstanceType("C", "lib.config.c")),
    (bounded(Either((INT, NONE)), ge=0), Either((bounded(INT, ge=0), NONE))),
    (Group("list"), Group("list", (ANY,))),
    (Either((INT, FLOAT)), FLOAT),
]
CHANGED = [
    (INT, STR),
    (BOOL, INT),
    (STR, Group("list", (STR,))),
    (Group("list", (INT,)), Group("set", (INT,))),
    (bounded(INT, ge=0, le=5), bounded(INT, ge=1, le=9)),
    (ChoiceType(("a", "b")), ChoiceType(("b", "c"))),
    (ChoiceType((1,)), ChoiceType((True,))),
    (UnknownType("A"), UnknownType("B")),
    (Group("tuple", (INT,), True), Group("tuple", (INT, INT), True)),
]


@pytest.mark.parametrize(("old", "new"), WIDER)
def test_one_way_it_is_widened_and_the_other_way_narrowed(old: TypeExpr, new: TypeExpr) -> None:
    assert compare_types(old, new) is ChangeKind.TYPE_WIDENED
    assert compare_types(new, old) is ChangeKind.TYPE_NARROWED


@pytest.mark.parametrize(("old", "new"), SAME)
def test_types_that_accept_the_same_are_no_change(old: TypeExpr, new: TypeExpr) -> None:
    assert compare_types(old, new) is None
    assert compare_types(new, old) is None


@pytest.mark.parametrize(("old", "new"), CHANGED)
def test_types_of_which_neither_holds_the_other_are_changed(old: TypeExpr, new: TypeExpr) -> None:
    assert compare_types(old, new) is ChangeKind.TYPE_CHANGED


def test_a_type_that_the_source_only_now_tells_is_no_narrowing() -> None:
    assert compare_types(UNTYPED, INT) is ChangeKind.TYPE_TOLD
    assert compare_types(INT, UNTYPED) is ChangeKind.TYPE_NO_LONGER_TOLD


@pytest.mark.parametrize(
    ("type_", "yes", "no"),
    [
        (INT, [0, 10**400], [True, 1.0, None, "1"]),
        (FLOAT, [1, 0.5, float("nan")], [True, None]),
        (bounded(FLOAT, ge=0), [0, 1.5], [-1, float("nan")]),
        (bounded(Either((INT, NONE)), gt=2), [3, None], [2]),
        (bounded(STR, pattern="^a", max_length=2), ["a", "ab"], ["b", "abc"]),
        (bounded(INT, multiple_of=4), [8, 10**400], [9]),
        (ChoiceType((1, "a")), [1, "a"], [1.0, True, "b"]),
        (Group("tuple", (INT, STR), True), [(1, "a")], [(1,), [1, "a"], ("a", 1)]),
        (Group("dict", (STR, INT)), [{}, {"a": 1}], [{"a": "b"}, {1: 1}, []]),
        (UnknownType("Elusive"), [], [None, 1]),
        (UNTYPED, [None, 1], []),
    ],
)
def test_what_a_type_accepts(type_: TypeExpr, yes: list[Any], no: list[Any]) -> None:
    assert [value for value in yes if not accepts(type_, value)] == []
    assert [value for value in no if accepts(type_, value)] == []
