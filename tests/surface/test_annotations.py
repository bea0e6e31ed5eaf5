from __future__ import annotations

import collections.abc
import enum
import typing
from dataclasses import InitVar
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    ForwardRef,
    Literal,
    NewType,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
    Union,
)

import annotated_types
import msgspec
import pytest
import typing_extensions
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field
from typing_extensions import ReadOnly

from miners.discovery.shapes import shape_of
from miners.surface.annotations import constraints, read_annotation
from miners.surface.types import (
    ANY,
    NONE,
    Bounded,
    ChoiceType,
    Either,
    Group,
    InstanceType,
    Key,
    Plain,
    TypeExpr,
    UnknownType,
    parts,
    render,
)

INT, STR = Plain("int"), Plain("str")
UserId = NewType("UserId", int)
Bound = TypeVar("Bound", bound=int)
OneOf = TypeVar("OneOf", int, str)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Options(TypedDict):
    a: int


class Backported(typing_extensions.TypedDict):
    a: int


class More(Options, total=False):
    b: list[str] | Elusive  # type: ignore[name-defined]  # noqa: F821
    c: Required[int | None]
    d: ReadOnly[NotRequired[bool]]
    e: NotRequired[str]


class Unhashable(type):
    __hash__ = None  # type: ignore[assignment]


TABLE: list[tuple[Any, TypeExpr]] = [
    (int, INT),
    (None, NONE),
    (Any, ANY),
    (int | None, Either((INT, NONE))),
    (typing.Optional[int], Either((INT, NONE))),  # noqa: UP045
    (Union[int, Union[str, int]], Either((INT, STR))),  # noqa: UP007
    (list[int], Group("list", (INT,))),
    (typing.List[int], Group("list", (INT,))),  # noqa: UP006
    (list, Group("list")),
    (tuple[int, str], Group("tuple", (INT, STR), True)),
    (tuple[int, ...], Group("tuple", (INT,))),
    (tuple[()], Group("tuple", (), True)),
    (dict[str, int | None], Group("dict", (STR, Either((INT, NONE))))),
    (collections.abc.Sequence[str], Group("Sequence", (STR,))),
    (collections.abc.Mapping[str, Any], Group("Mapping", (STR, ANY))),
    (collections.abc.Callable[[int], str], Plain("callable")),
    (type[int], Plain("type")),
    (Literal["a", 1, None], ChoiceType(("a", 1, None))),
    (Colour, ChoiceType(("red", "blue"), "Colour")),
    (Literal[Colour.RED], ChoiceType(("red",))),
    (Path, InstanceType("Path", "pathlib")),
    (Options, Group("dict", (STR, ANY), keys=(Key("a", INT),))),
    (Backported, Group("dict", (STR, ANY), keys=(Key("a", INT),))),
    (
        More,
        Group(
            "dict",
            (STR, ANY),
            keys=(
                Key("a", INT),
                Key("b", UnknownType("list[str] | Elusive"), False),
                Key("c", Either((INT, NONE))),
                Key("d", Plain("bool"), False),
                Key("e", STR, False),
            ),
        ),
    ),
    (UserId, INT),
    (Bound, INT),
    (OneOf, Either((INT, STR))),
    (InitVar[int], INT),
    (ClassVar[int], INT),
    (Annotated[int, annotated_types.Ge(1)], Bounded(INT, {"ge": 1})),
    (Annotated[int, Field(gt=0, le=5)], Bounded(INT, {"gt": 0, "le": 5})),
    (Annotated[str, msgspec.Meta(min_length=2, pattern="^a")], Bounded(STR, {"min_length": 2, "pattern": "^a"})),
    (Annotated[int, "a note"], INT),
    ("Elusive", UnknownType("Elusive")),
    (ForwardRef("Elusive"), UnknownType("Elusive")),
    (int | ForwardRef("Elusive"), Either((INT, UnknownType("Elusive")))),
]


@pytest.mark.parametrize(("annotation", "type_"), TABLE, ids=[str(case[0]) for case in TABLE])
def test_an_annotation_is_read_as_the_type_it_says(annotation: Any, type_: TypeExpr) -> None:
    assert read_annotation(annotation) == type_


@pytest.mark.parametrize(
    "annotation",
    [
        typing.Self,
        typing.LiteralString,
        typing.Never,
        typing.ParamSpec("P"),
        3,
        "a b",
        ...,
        [],
        Unhashable("U", (), {}),
    ],
    ids=str,
)
def test_a_kind_that_nobody_has_met_keeps_its_text_and_is_never_any(annotation: Any) -> None:
    type_ = read_annotation(annotation)
    assert ANY not in set(map(_hashed, parts(type_)))
    assert render(type_)


def _hashed(type_: TypeExpr) -> Any:
    return type_ if isinstance(type_, Plain) else None


ANNOTATIONS = st.recursive(
    st.sampled_from([int, str, bool, None, Any, Colour, Path, Options, UserId, "Elusive", Literal["a"], float]),
    lambda inner: st.one_of(
        inner.map(lambda one: list[one]),  # type: ignore[valid-type]
        inner.map(lambda one: dict[str, one]),  # type: ignore[valid-type]
        inner.map(lambda one: Annotated[one, annotated_types.Ge(0)]),
        st.tuples(inner, inner).map(lambda pair: tuple[pair[0], pair[1]]),  # type: ignore[name-defined]
        st.tuples(inner, inner).map(lambda pair: Union[pair[0], pair[1]]),  # noqa: UP007
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=150)
@given(ANNOTATIONS)
def test_every_annotation_is_read_told_and_held_as_data(annotation: Any) -> None:
    type_ = read_annotation(annotation)
    assert render(type_)
    assert shape_of(type_)["kind"]
    says_any = "Any" in str(annotation) or "Options" in str(annotation)
    assert says_any or ANY not in list(parts(type_))


def test_of_two_constraints_of_one_name_the_first_counts() -> None:
    assert constraints([annotated_types.Ge(1), annotated_types.Ge(0)]) == {"ge": 1}
    assert constraints([annotated_types.Interval(gt=0, lt=9), annotated_types.MultipleOf(3)]) == {
        "gt": 0,
        "lt": 9,
        "multiple_of": 3,
    }
