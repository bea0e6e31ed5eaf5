"""Source and import agree on every shape of class: the same facts, the same lifted rules, and nothing imported."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from miners.lift import lift_class
from miners.surface.facts import ClassFacts, ClassKind
from miners.surface.imported import class_facts
from miners.surface.source import source_facts
from miners.surface.source_classes import Skeletons, skeletons_of
from miners.surface.source_names import Outside
from pytest_llem_invariants.errors import EngineUnavailableError

pytestmark = pytest.mark.filterwarnings("ignore:Support for class-based")

SHAPES = {
    "bounds of Field": """
        from pydantic import BaseModel, Field
        class Config(BaseModel):
            a: int = Field(default=1, ge=0, lt=10, multiple_of=2)
            b: str = Field("x", min_length=1, max_length=3, pattern="^[a-z]+$")
            c: float = Field(gt=0, le=1)
    """,
    "a field of a model that only a dataclass would leave out": """
        from pydantic import BaseModel, Field
        class Config(BaseModel):
            a: int | None = Field(default=1, init=False)
    """,
    "a wrapper around Field": """
        from typing import Any
        from pydantic import BaseModel
        from pydantic import Field as PydanticField
        def Field(default: Any = ..., *, status: str | None = None, **kwargs: Any) -> Any:
            return PydanticField(default, **kwargs)
        class Config(BaseModel):
            a: int = Field(default=1, status="beta", ge=0)
    """,
    "mappings with declared keys": """
        from dataclasses import dataclass, field
        from typing import Literal, NotRequired
        from typing_extensions import ReadOnly, Required, TypedDict
        class Placement(TypedDict):
            host: str
            port: NotRequired[int | None]
        class Limits(Placement, total=False):
            image: ReadOnly[int]
            kind: Required[Literal["a", "b"]]
            inner: Placement
        @dataclass
        class Config:
            a: Limits | None = None
            b: list[Placement] = field(default_factory=list)
    """,
    "mappings with declared keys that pydantic checks": """
        from pydantic import BaseModel
        from typing_extensions import TypedDict
        class Placement(TypedDict, total=False):
            host: str
        class Config(BaseModel):
            a: Placement = {}
    """,
    "named constraints": """
        from typing import Annotated
        from pydantic import BaseModel, Field, NonNegativeFloat, PositiveInt
        Port = Annotated[int, Field(ge=1, le=65535)]
        class Config(BaseModel):
            a: PositiveInt = 1
            b: NonNegativeFloat | None = None
            c: Port = 80
    """,
    "literals and their aliases": """
        from typing import Literal, Optional, Union, get_args
        from pydantic import BaseModel
        Fast = Literal["a", "b"]
        Mode = Union[Fast, Literal["c"]]
        class Config(BaseModel):
            a: Fast = "a"
            b: Optional[Mode] = None
            c: Literal[1, True, None] = 1
    """,
    "enumerations": """
        from enum import Enum, IntEnum, StrEnum
        from pydantic import BaseModel
        class Word(StrEnum):
            ONE = "one"
            TWO = "two"
        class Number(IntEnum):
            ONE = 1
            TWO = 2
        class Mixed(str, Enum):
            A = "a"
        class Config(BaseModel):
            class Inner(Enum):
                X = 0
                Y = 1
            a: Word = Word.ONE
            b: Number = Number.TWO
            c: Mixed | None = None
            d: Inner = Inner.X
    """,
    "what is forbidden through bases": """
        from pydantic import BaseModel, ConfigDict
        class Strict(BaseModel):
            class Config:
                extra = "forbid"
        class Inner(Strict):
            x: int = 1
        class Loose(BaseModel):
            model_config = ConfigDict(strict=True)
            x: int = 1
        class Config(Strict):
            inner: Inner = Inner()
            loose: Loose | None = None
    """,
    "private attributes, class variables and fields that nobody gives": """
        from typing import Any, ClassVar
        from pydantic import BaseModel, Field, PrivateAttr
        class Config(BaseModel):
            kind: ClassVar[str] = "k"
            a: int = 1
            b: Any = None
            c: object = None
            _p: int = PrivateAttr(default=3)
    """,
    "a discriminated union": """
        from typing import Annotated, Literal, Union
        from pydantic import BaseModel, Field
        class Cat(BaseModel):
            kind: Literal["cat"] = "cat"
            lives: int = 9
        class Dog(BaseModel):
            kind: Literal["dog"] = "dog"
        class Config(BaseModel):
            pet: Annotated[Union[Cat, Dog], Field(discriminator="kind")] = Cat()
            both: Cat | Dog | None = None
    """,
    "validators before, after and around the fields": """
        from pydantic import BaseModel, field_validator, model_validator
        class Config(BaseModel):
            a: int = 1
            b: int = 1
            c: int = 1
            @field_validator("a", mode="before")
            @classmethod
            def early(cls, v):
                return 1 if v == "one" else v
            @field_validator("b")
            @classmethod
            def late(cls, v):
                return v
            @field_validator("c", mode="wrap")
            @classmethod
            def none_through(cls, v, handler):
                if v is None:
                    return v
                return handler(v)
    """,
    "a validator before all fields": """
        from pydantic import BaseModel, model_validator
        class Config(BaseModel):
            a: int = 1
            @model_validator(mode="before")
            @classmethod
            def early(cls, data):
                return data
    """,
    "collections": """
        from typing import Dict, List, Optional, Set, Tuple
        from pydantic import BaseModel
        class Config(BaseModel):
            a: List[int] = []
            b: Dict[str, float] = {}
            c: Tuple[int, ...] = ()
            d: tuple[int, str] = (1, "a")
            e: Optional[Set[int]] = None
            f: list = []
    """,
    "defaults": """
        from pydantic import BaseModel, Field
        MOST = 4
        class Limits:
            LEAST = 2
        class Config(BaseModel):
            a: int = MOST
            b: int = MOST * 2
            c: int = Limits.LEAST
            d: list[str] = Field(default_factory=lambda: ["x"])
            e: dict[str, int] = Field(default_factory=dict)
            f: float = 1024**3
    """,
    "aliases": """
        from pydantic import AliasChoices, BaseModel, Field
        class Config(BaseModel):
            a: int = Field(default=1, alias="_a")
            b: int | None = Field(default=None, validation_alias=AliasChoices("b", "bee"))
    """,
    "pydantic dataclasses behind a decorator of the library": """
        from dataclasses import InitVar, field
        from pydantic import ConfigDict, Field
        from pydantic.dataclasses import dataclass
        def config(cls=None, *, config=None, **kwargs):
            merged = ConfigDict(extra="forbid")
            def decorator(cls):
                return dataclass(cls, config=merged, **kwargs)
            return decorator if cls is None else decorator(cls)
        @config
        class Base:
            a: int = Field(default=1, ge=1)
            b: list[int] = field(default_factory=list)
        @config
        class Config(Base):
            c: InitVar[int] = 3
            d: int = field(default=1, init=False)
    """,
    "stdlib dataclasses": """
        from dataclasses import dataclass, field
        from typing import Literal, Optional
        @dataclass(kw_only=True, slots=True)
        class Config:
            a: Literal["x", "y"] = "x"
            b: Optional[int] = None
            c: list[int] = field(default_factory=list)
            d: int
    """,
    "msgspec structs": """
        from typing import Annotated, Literal
        import msgspec
        class Config(msgspec.Struct, kw_only=True, omit_defaults=True):
            a: Annotated[int, msgspec.Meta(ge=0)] = 1
            b: Literal["x", "y"] = "x"
            c: list[int] = msgspec.field(default_factory=list)
            d: str
    """,
    "a constructor written by hand": """
        class Base:
            def __init__(self, size: int = 1, *, name: str | None = None, **kwargs):
                self.size = size
                self.depth = kwargs.pop("depth", 3)
        class Config(Base):
            def __init__(self, width, **kwargs):
                super().__init__(**kwargs)
                self.width = width
    """,
    "a constructor written by hand over a dataclass": """
        from dataclasses import dataclass
        @dataclass
        class Base:
            method: str
        class Config(Base):
            def __init__(self, bits: int = 4, **kwargs):
                self.bits = bits
                self.group = kwargs.pop("group", 128)
    """,
    "a class that inherits such a constructor": """
        from dataclasses import dataclass
        @dataclass
        class Base:
            method: str
            def __init__(self, bits: int = 4):
                self.bits = bits
        class Config(Base):
            pass
    """,
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "sourced"]:
        del sys.modules[name]


def write(folder: Path, source: str) -> Skeletons:
    (folder / "sourced").mkdir()
    (folder / "sourced" / "__init__.py").write_text("from .shapes import Config as Config\n", encoding="utf-8")
    (folder / "sourced" / "shapes.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return skeletons_of(folder, "sourced")


def read_both(folder: Path, source: str) -> tuple[ClassFacts, ClassFacts, type, type]:
    skeletons = write(folder, source)
    read = source_facts(skeletons, "sourced:Config", "sourced.Config")
    skeleton = skeletons.class_at("sourced:Config")
    assert skeletons.failed == {}
    assert "sourced" not in sys.modules
    live = importlib.import_module("sourced").Config
    assert read is not None
    assert skeleton is not None
    return read, class_facts(live, "sourced.Config"), skeleton, live


@pytest.mark.parametrize("source", SHAPES.values(), ids=list(SHAPES))
def test_source_and_import_agree(package: Path, source: str) -> None:
    read, imported, skeleton, live = read_both(package, source)
    assert read == imported
    assert list(lift_class(skeleton, read)) == list(lift_class(live, imported))


def test_a_wheel_is_read_as_a_tree_is(package: Path) -> None:
    read, _, _, _ = read_both(package, SHAPES["enumerations"])
    wheel = package / "sourced-1.0-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for name in ("__init__", "shapes"):
            archive.write(package / "sourced" / f"{name}.py", f"sourced/{name}.py")
    assert source_facts(skeletons_of(wheel, "sourced"), "sourced:Config", "sourced.Config") == read


def test_no_code_of_the_tree_runs(package: Path) -> None:
    skeletons = write(
        package,
        """
        raise RuntimeError("imported")
        from pydantic import BaseModel, Field
        def made() -> int: raise RuntimeError("called")
        class Config(BaseModel):
            a: int = made()
            b: int = Field(default_factory=made)
        """,
    )
    read = source_facts(skeletons, "sourced:Config", "sourced.Config")
    assert read is not None
    assert [fact.required for fact in read.fields.values()] == [False, False]


def test_a_class_of_another_library_is_known_by_its_name_alone(package: Path) -> None:
    skeletons = write(
        package,
        """
        import notthere
        from notthere.deep import Thing
        from pydantic import BaseModel
        class Config(BaseModel):
            a: notthere.Tensor | None = None
            b: "Thing | str" = "x"
            c: Missing = None
        """,
    )
    read = source_facts(skeletons, "sourced:Config", "sourced.Config")
    assert read is not None
    assert [fact.annotation for fact in read.fields.values()] == ["Tensor | None", "Thing | str", "Missing"]


def test_of_what_the_tree_lacks_and_of_flags_nothing_is_claimed(package: Path) -> None:
    skeletons = write(
        package,
        """
        from enum import IntFlag, auto
        from pydantic import BaseModel
        from .lacking import Inner
        class Mode(IntFlag):
            A = auto()
            B = auto()
        class Config(BaseModel):
            inner: Inner = None
            many: list[Inner] | None = None
            mode: Mode = None
        """,
    )
    read = source_facts(skeletons, "sourced:Config", "sourced.Config")
    skeleton = skeletons.class_at("sourced:Config")
    assert read is not None
    assert skeleton is not None
    assert [fact.annotation for fact in read.fields.values()] == ["Any", "list[Any] | None", "Any"]
    claimed = {field for candidate in lift_class(skeleton, read) for field in candidate.fields}
    assert claimed == {"many"}


@pytest.mark.parametrize(("origin", "value"), [("enum", "fast_path"), ("strenum", "FAST_path")])
def test_an_automatic_text_is_small_only_in_the_standard_library(package: Path, origin: str, value: str) -> None:
    skeletons = write(
        package,
        f"""
        from {origin} import StrEnum
        from enum import auto
        class Config(StrEnum):
            FAST_path = auto()
        """,
    )
    made = skeletons.class_at("sourced:Config")
    assert made is not None
    assert [member.value for member in vars(made)["_member_map_"].values()] == [value]


def test_what_pydantic_refuses_is_told_and_costs_one_class(package: Path) -> None:
    skeletons = write(
        package,
        """
        from pydantic import BaseModel, Field
        class Broken(BaseModel):
            a: int = Field(default=1, pattern="(")
        class Config(BaseModel):
            a: int = 1
        """,
    )
    assert source_facts(skeletons, "sourced.shapes:Broken", "b").kind is ClassKind.PLAIN  # type: ignore[union-attr]
    assert list(skeletons.failed) == ["sourced.shapes:Broken"]
    assert source_facts(skeletons, "sourced:Config", "c") is not None


def test_that_pydantic_is_missing_is_said(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skeletons = write(package, SHAPES["bounds of Field"])
    monkeypatch.setattr(Outside, "live", lambda found: None)
    with pytest.raises(EngineUnavailableError, match="pip install pydantic"):
        skeletons.class_at("sourced:Config")


def test_what_is_not_there_is_none(package: Path) -> None:
    skeletons = write(package, SHAPES["aliases"])
    assert source_facts(skeletons, "sourced:Absent", "x") is None
    assert source_facts(skeletons, "sourced.nowhere:Config", "x") is None


def test_a_line_of_a_field_is_that_of_its_nearest_class(package: Path) -> None:
    read, imported, _, _ = read_both(package, SHAPES["what is forbidden through bases"])
    moved = {name: replace(fact, line=0) for name, fact in imported.fields.items()}
    assert {name: replace(fact, line=0) for name, fact in read.fields.items()} == moved
    assert (read.path, read.line) == ("sourced/shapes.py", imported.line)
