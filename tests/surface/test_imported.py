from __future__ import annotations

import dataclasses
import enum
import os
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from miners.surface import class_facts
from miners.surface.facts import ClassFacts, ClassKind
from miners.surface.imported import factory_default, plain_default
from pytest_llem_invariants.language.expressions import MISSING


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Record:
    size: int
    ratio: float = 0.5
    words: list[str] = dataclasses.field(default_factory=list)
    workers: int = dataclasses.field(default_factory=os.cpu_count)  # type: ignore[arg-type]
    derived: int = dataclasses.field(default=0, init=False)
    given: InitVar[int] = 5
    shared: ClassVar[int] = 1
    colour: Colour = Colour.RED


@checked(config=ConfigDict(extra="forbid"))
class Checked:
    size: int = Field(default=1, ge=1)
    plain: int = dataclasses.field(default=2)
    given: InitVar[int | None] = None


class Model(BaseModel):
    size: Annotated[int, Field(gt=0)]
    renamed: int = Field(default=1, validation_alias="other")


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")
    renamed: int = Field(default=1, alias="other")


class Struct(msgspec.Struct):
    needed: int
    stop: list[str] = []
    ratio: Annotated[float, msgspec.Meta(ge=0)] = 1.0


class Base:
    def __init__(self, level: int = 1, **kwargs: Any) -> None:
        self.name = kwargs.pop("name", "base")


class Derived(Base):
    def __init__(self, bits: int, *, mode: str = "a", _secret: int = 0, **kwargs: Any) -> None:
        self.group = kwargs.pop("group", 128)
        self._inner = kwargs.pop("_inner", 1)
        super().__init__(**kwargs)


class Closed(Base):
    def __init__(self, bits: int) -> None:
        super().__init__()


@dataclass
class OwnConstructor:
    size: int = 1

    def __init__(self, other: int = 2) -> None:
        self.size = other


@dataclass
class Elusive:
    known: int = 1
    unknown: "Nowhere" = None  # type: ignore[name-defined]  # noqa: F821, UP037


def facts_of(cls: type) -> ClassFacts:
    return class_facts(cls, "tests.Class")


@pytest.mark.parametrize(
    ("cls", "kind", "accepts_extra", "settable"),
    [
        (Record, ClassKind.DATACLASS, False, ["size", "ratio", "words", "workers", "given", "colour"]),
        (Checked, ClassKind.PYDANTIC_DATACLASS, False, ["size", "plain", "given"]),
        (Model, ClassKind.PYDANTIC_MODEL, True, ["size", "renamed"]),
        (ByName, ClassKind.PYDANTIC_MODEL, False, ["renamed"]),
        (Struct, ClassKind.MSGSPEC, False, ["needed", "stop", "ratio"]),
        (Derived, ClassKind.PLAIN, True, ["bits", "mode", "group", "level", "name"]),
        (Closed, ClassKind.PLAIN, False, ["bits"]),
        (OwnConstructor, ClassKind.PLAIN, False, ["other"]),
    ],
)
def test_a_class_is_read_by_who_enforces_it(
    cls: type, kind: ClassKind, accepts_extra: bool, settable: list[str]
) -> None:
    facts = facts_of(cls)
    assert (facts.kind, facts.accepts_extra) == (kind, accepts_extra)
    assert [one.name for one in facts.fields.values() if one.settable] == settable


@pytest.mark.parametrize(
    ("cls", "field", "expected"),
    [
        (Record, "size", {"required": True, "default": MISSING}),
        (Record, "words", {"required": False, "default": []}),
        (Record, "workers", {"required": False, "default": MISSING}),
        (Record, "derived", {"init": False, "settable": False}),
        (Record, "given", {"init_only": True, "default": 5, "types": ("int",)}),
        (Record, "colour", {"default": "red", "literals": ("red",)}),
        (Checked, "size", {"bounds": {"ge": 1}, "default": 1}),
        (Checked, "given", {"init_only": True, "nullable": True}),
        (Model, "size", {"bounds": {"gt": 0}, "required": True}),
        (Model, "renamed", {"alias": "other", "keyword": "other"}),
        (ByName, "renamed", {"alias": None, "keyword": "renamed"}),
        (Struct, "needed", {"required": True}),
        (Struct, "stop", {"default": [], "element_types": ("str",)}),
        (Struct, "ratio", {"bounds": {"ge": 0}}),
        (Derived, "group", {"default": 128, "annotation": ""}),
        (Derived, "name", {"default": "base"}),
        (Elusive, "unknown", {"annotation": "Nowhere", "types": (), "nullable": True}),
        (Elusive, "known", {"annotation": "int"}),
    ],
)
def test_a_field_is_told_with_all_that_its_class_says(cls: type, field: str, expected: dict[str, Any]) -> None:
    fact = facts_of(cls).fields[field]
    assert {name: getattr(fact, name) for name in expected} == expected


def test_only_a_dataclass_leaves_a_field_out_of_its_constructor() -> None:
    class Model(BaseModel):
        size: int = Field(default=1, init=False)

    @checked
    class Data:
        size: int = Field(default=1, init=False)

    assert [class_facts(cls, "x").fields["size"].init for cls in (Model, Data)] == [True, False]


def test_a_field_has_every_keyword_that_it_can_be_given_under() -> None:
    class Model(BaseModel):
        size: int = Field(default=1, validation_alias=AliasChoices("size", "length", AliasPath("deep", 0)))

    assert class_facts(Model, "x").fields["size"].aliases == ("length",)


def test_a_class_variable_is_no_field() -> None:
    assert "shared" not in facts_of(Record).fields


@pytest.mark.parametrize("cls", [Record, Checked, Model, Struct, Derived])
def test_a_field_stands_where_it_is_written(cls: type) -> None:
    facts = facts_of(cls)
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert facts.path == "tests/surface/test_imported.py"
    assert f"class {cls.__name__}" in lines[facts.line - 1]
    for fact in facts.fields.values():
        assert fact.name in lines[fact.line - 1]


def test_a_default_is_plain_only_where_a_config_file_could_hold_it() -> None:
    assert plain_default({"a": [1, (2.0, None)]}) == {"a": [1, (2.0, None)]}
    assert plain_default([Colour.RED]) == ["red"]
    assert plain_default([object()]) is MISSING
    assert plain_default({"a": print}) is MISSING
    assert plain_default({object(): 1}) is MISSING


def test_a_factory_is_asked_only_where_it_must_always_answer_alike() -> None:
    number = 3
    assert factory_default(list) == []
    assert factory_default(lambda: [1, 2]) == [1, 2]
    assert factory_default(os.getcwd) is MISSING
    assert factory_default(lambda: os.cpu_count()) is MISSING
    assert factory_default(lambda: number) is MISSING
    assert factory_default(lambda known: 1) is MISSING
