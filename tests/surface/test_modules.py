from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from miners.surface import modules

CODE = """
try:
    class Guarded:
        size: int = 1
except ImportError:
    class Guarded:
        size: str = ""

if True:
    class Outer:
        a: int = 1

        class Inner:
            b: int = 2

        if True:
            def method(self): ...

class Child(Outer):
    c: int = 3
    a: str = "nearer"

Made = type("Made", (), {})
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    folder = tmp_path / "placelib" / "deep"
    folder.mkdir(parents=True)
    (tmp_path / "placelib" / "__init__.py").write_text("")
    (folder / "__init__.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("placelib.deep")
    for name in ("placelib.deep", "placelib"):
        sys.modules.pop(name, None)


def test_a_path_begins_at_the_folder_that_holds_the_package(library: object) -> None:
    assert modules.relative_path("placelib.deep") == "placelib/deep/__init__.py"
    assert modules.relative_path("placelib") == "placelib/__init__.py"
    assert modules.relative_path("no.such.module") == "no.such.module"
    assert modules.relative_path("itertools") == "itertools"


@pytest.mark.parametrize(("path", "line"), [("Guarded", 3), ("Outer", 10), ("Outer.Inner", 13), ("Child", 19)])
def test_a_class_is_found_under_conditions_and_inside_others(library: object, path: str, line: int) -> None:
    cls = library
    for name in path.split("."):
        cls = getattr(cls, name)
    assert isinstance(cls, type)
    node = modules.class_node(cls)
    assert node is not None
    assert node.lineno == line


def test_a_class_without_a_statement_has_no_place(library: object) -> None:
    made: type = library.Made  # type: ignore[attr-defined]
    made.__module__ = "placelib.deep"
    assert modules.class_node(made) is None
    assert modules.class_node(int) is None
    assert modules.field_lines(made) == {}


def test_the_nearest_class_says_where_a_field_stands(library: object) -> None:
    assert modules.field_lines(library.Child) == {"a": 21, "c": 20}  # type: ignore[attr-defined]


def test_a_method_is_found_at_the_base_that_writes_it(library: object) -> None:
    found = modules.method_node(library.Child, "method")  # type: ignore[attr-defined]
    assert found is not None
    assert (found[0].__name__, found[1].lineno) == ("Outer", 17)
    assert modules.method_node(library.Child, "absent") is None  # type: ignore[attr-defined]
