"""A pydantic class of which an annotation names what nobody defines."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from pydantic.dataclasses import dataclass

from miners.build.named_class import adapter_for
from miners.lift import lift_class, undefined
from miners.surface import class_facts


class Model(BaseModel):
    size: int = 1
    other: "Nowhere | None" = None  # type: ignore[name-defined]  # noqa: F821, UP037


@dataclass
class Data:
    size: int = 1
    other: "Nowhere | None" = None  # type: ignore[name-defined]  # noqa: F821, UP037


class Later(BaseModel):
    other: After | None = None


class After(BaseModel):
    size: int = 1


@pytest.mark.parametrize("cls", [Model, Data])
def test_it_is_left_aside_in_a_sentence(cls: type) -> None:
    adapter = adapter_for(f"{__name__}:{cls.__name__}", base_kwargs={}, steps=())
    (said,) = undefined(adapter)
    assert f"{cls.__name__} is skipped: `{cls.__name__}` is not fully defined; you should define `Nowhere`" in said
    assert list(lift_class(cls, class_facts(cls, "x"))) == []


def test_a_class_that_is_defined_later_is_not() -> None:
    assert list(undefined(adapter_for(f"{__name__}:Later", base_kwargs={}, steps=()))) == []
    assert list(lift_class(Later, class_facts(Later, "x")))
