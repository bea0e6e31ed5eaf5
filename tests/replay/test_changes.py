from __future__ import annotations

import pickle
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.model import TypedValue
from pytest_llem_invariants.replay.changes import plain, unchanged


class Mode(Enum):
    FAST = "fast"


class Level(IntEnum):
    HIGH = 3


class Dtype:
    """Like a tensor library's types: known by the last part of its text."""

    def __repr__(self) -> str:
        return "lib.bfloat16"


class Alias:
    """Like one of them that its library calls by two names."""

    def __repr__(self) -> str:
        return f"{__name__}.FULL"


FULL = HALF = Alias()


class Quarrelsome:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        raise RuntimeError("no text")


NAN = float("nan")


@pytest.mark.parametrize(
    ("declared", "observed"),
    [
        (1, 1.0),
        (NAN, NAN),
        ([NAN], (NAN,)),
        ("fast", Mode.FAST),
        ("FAST", Mode.FAST),
        (Mode.FAST, Mode.FAST),
        (3, Level.HIGH),
        ("bfloat16", Dtype()),
        ("HALF", FULL),
        ("a/b", PurePosixPath("a/b")),
        ([1, 2, 2], {2, 1}),
        ([8, 64], [4, 8, 64, 2048]),
        ({"a": [1]}, {"a": (1,)}),
        (None, None),
        (TypedValue("x.Y", {}), object()),
    ],
)
def test_the_same_value_in_another_form_is_no_change(declared: Any, observed: Any) -> None:
    assert unchanged(declared, observed)


@pytest.mark.parametrize(
    ("declared", "observed"),
    [
        (1, 2),
        (True, 1),
        (1, True),
        ("1", 1),
        (NAN, 1.0),
        (1.0, NAN),
        ("slow", Mode.FAST),
        ("float16", Dtype()),
        ("Dtype", FULL),
        ("auto", FULL),
        ([1, 2], [1]),
        ([], [1]),
        ([2, 1], [1, 2, 3]),
        ([1, 2], {1}),
        ({"a": 1}, {}),
        ({"a": 1}, {"a": 2}),
        ("a", ["a"]),
        (None, 0),
        (1, Quarrelsome()),
    ],
)
def test_another_value_is_a_change(declared: Any, observed: Any) -> None:
    assert not unchanged(declared, observed)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_every_value_equals_itself(value: Any) -> None:
    assert unchanged(value, value)


@given(VALUES)
def test_a_plain_value_goes_through_a_pipe_and_stays_plain(value: Any) -> None:
    once = plain(value)
    assert unchanged(once, pickle.loads(pickle.dumps(once)))
    assert unchanged(once, plain(once))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Mode.FAST, "fast"),
        (Level.HIGH, 3),
        ({3, 1}, [1, 3]),
        ((1, Mode.FAST), [1, "fast"]),
        (Dtype(), "lib.bfloat16"),
        (Quarrelsome(), "<Quarrelsome>"),
        ({Mode.FAST: {1}}, {"fast": [1]}),
        (TypedValue("x.Y", {"a": (1,)}), TypedValue("x.Y", {"a": [1]})),
    ],
)
def test_what_a_file_cannot_hold_is_written_in_words(value: Any, kept: Any) -> None:
    assert plain(value) == kept
