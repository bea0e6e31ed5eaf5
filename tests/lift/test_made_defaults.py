"""What a factory makes anew each time is no part of a rule: two builds have to give the same bytes."""

from __future__ import annotations

from itertools import count

import pytest
from pydantic import BaseModel, Field

from miners.lift import lift_class
from miners.surface import class_facts

_NUMBERS = count()


def _anew() -> str:
    return f"id-{next(_NUMBERS)}"


class Request(BaseModel):
    name: str = Field(default_factory=_anew)
    place: str = Field(default_factory=lambda: "here".upper())


@pytest.mark.parametrize(("field", "default"), [("name", ""), ("place", "HERE")])
def test_none_is_told_from_what_is_not_given(field: str, default: str) -> None:
    found = [one for one in lift_class(Request, class_facts(Request, "lib.Request")) if one.defaults]
    assert [one.defaults for one in found if field in one.fields] == [{field: default}]
