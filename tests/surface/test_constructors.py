from __future__ import annotations

import ast
from typing import Any

import pytest

from miners.surface.constructors import KeywordUse, keyword_use
from pytest_llem_invariants.language.expressions import MISSING


def use_of(body: str, arguments: str = "self, **kwargs") -> KeywordUse | None:
    lines = "\n    ".join(body.splitlines())
    function = ast.parse(f"def __init__({arguments}):\n    {lines}").body[0]
    assert isinstance(function, ast.FunctionDef)
    return keyword_use(function)


@pytest.mark.parametrize(
    ("body", "default", "required"),
    [
        ("self.x = kwargs.pop('x', 3)", 3, False),
        ("self.x = kwargs.pop('x', None)", None, False),
        ("self.x = kwargs.get('x')", None, False),
        ("self.x = kwargs.setdefault('x', [1])", [1], False),
        ("self.x = kwargs.pop('x', make())", MISSING, False),
        ("self.x = kwargs.pop('x')", MISSING, True),
        ("self.x = kwargs['x']", MISSING, True),
        ("if 'x' in kwargs:\n    self.x = kwargs.pop('x')", MISSING, False),
        ("if 'x' not in kwargs:\n    raise TypeError\nself.x = kwargs['x']", MISSING, False),
        ("if kwargs.get('y'):\n    self.x = kwargs.pop('x', make())\nself.x = kwargs.pop('x', 2)", 2, False),
    ],
)
def test_what_a_constructor_takes_out_of_its_keywords(body: str, default: Any, required: bool) -> None:
    use = use_of(body)
    assert use is not None
    read = next(one for one in use.reads if one.name == "x")
    assert (read.default, read.required) == (default, required)


def test_each_keyword_is_told_once_in_order_and_by_its_line() -> None:
    use = use_of("self.b = kwargs.pop('b', 1)\nself.a = kwargs.pop('a', 2)\nself.b = kwargs.pop('b', 3)")
    assert use is not None
    assert [(one.name, one.line) for one in use.reads] == [("b", 2), ("a", 3)]


@pytest.mark.parametrize(
    "body",
    [
        "other.pop('x', 1)",
        "kwargs.pop(name, 1)",
        "kwargs['x'] = 3",
        "kwargs.update(x=1)",
        "self.kwargs = kwargs",
    ],
)
def test_what_takes_nothing_by_name_tells_nothing(body: str) -> None:
    use = use_of(body)
    assert use is not None
    assert use.reads == ()


@pytest.mark.parametrize(
    ("body", "forwarded"),
    [
        ("super().__init__(**kwargs)", True),
        ("super().__init__(bits=4, **kwargs)", True),
        ("super().__init__()", False),
        ("Base.__init__(self, **kwargs)", False),
        ("super().__init__(**other)", False),
    ],
)
def test_whether_the_rest_goes_to_the_base(body: str, forwarded: bool) -> None:
    use = use_of(body)
    assert use is not None
    assert use.forwarded is forwarded


def test_a_constructor_without_open_keywords_has_no_use_of_them() -> None:
    assert use_of("pass", "self, x=1") is None
