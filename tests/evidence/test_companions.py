"""Which object an example lacks, told from what the library tripped over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from miners.examples.companions import companions
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.model import ObservedException, TypedValue


def _class(name: str, *fields: FieldFact) -> ClassFacts:
    return ClassFacts(name, f"lib:{name}", ClassKind.PYDANTIC_DATACLASS, {one.name: one for one in fields}, "lib.py", 1)


def _held(name: str, of: str, **more: Any) -> FieldFact:
    return FieldFact(name, of, (of,), **{"nullable": True, "default": None, **more})


SURFACE = {
    "Model": _class("Model", FieldFact("dtype", "str", ("str",))),
    "Shards": _class("Shards", FieldFact("ranks", "int", ("int",))),
    "Draft": _class("Draft", _held("model", "Model"), _held("shards", "Shards")),
    "Engine": _class("Engine", _held("draft", "Draft"), _held("model", "Model", nullable=False)),
}
NO_DTYPE = "'NoneType' object has no attribute 'dtype'"


@pytest.mark.parametrize(
    ("message", "kwargs", "expected"),
    [
        (NO_DTYPE, {}, ("model",)),
        (NO_DTYPE, {"draft": TypedValue("Draft")}, ("model", "draft.model")),
        ("'NoneType' object has no attribute 'ranks'", {"draft": TypedValue("Draft")}, ("draft.shards",)),
        ("'NoneType' object has no attribute 'hidden'", {"model": None}, ("draft", "model")),
        ("'NoneType' object has no attribute 'hidden'", {"model": TypedValue("Model")}, ("draft",)),
        ("'Model' object has no attribute 'dtype'", {}, ()),
        ("a dtype must be given", {}, ()),
    ],
)
def test_the_object_that_is_lacking(message: str, kwargs: Mapping[str, Any], expected: tuple[str, ...]) -> None:
    raised = ObservedException("AttributeError", message)
    assert companions(raised, kwargs, SURFACE["Engine"], SURFACE) == expected
