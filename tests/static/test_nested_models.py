"""Models in the fields of a model, which are no classes of the surface: a config gives them as mappings."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import BaseModel, Field, model_validator

from miners.static import mine_class
from miners.surface import class_facts
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Match
from tests.static.harness import imported_reader


class On(BaseModel):
    kind: Literal["on"]
    budget: int = 0


class Off(BaseModel):
    kind: Literal["off"]


class Choice(BaseModel):
    kind: str
    name: str | None = None


class Request(BaseModel):
    most: int = 8
    thinking: Annotated[On | Off, Field(discriminator="kind")] | None = None
    choice: Choice | None = None

    @model_validator(mode="after")
    def check_budget(self) -> Request:
        if isinstance(self.thinking, On) and self.thinking.budget >= self.most:
            raise ValueError("the budget is too large")
        return self

    @model_validator(mode="after")
    def check_choice(self) -> Request:
        if self.choice is not None and self.choice.kind == "tool" and not self.choice.name:
            raise ValueError("a tool has a name")
        return self


SURFACE = {"Request": class_facts(Request, "Request")}
THINKING = [None, {"kind": "off"}, *({"kind": "on", "budget": budget} for budget in (0, 3, 4, 8, 9)), {"kind": "on"}]
CHOICES = [None, {"kind": "tool"}, {"kind": "tool", "name": ""}, {"kind": "tool", "name": "f"}, {"kind": "auto"}]


def rejected(kwargs: Mapping[str, Any]) -> bool:
    findings = mine_class(SURFACE["Request"], SURFACE, imported_reader(), engine="lib")
    candidates = [candidate for finding in findings for candidate in finding.candidates]
    assert not any(candidate.opaque for candidate in candidates)
    return any(compile_match(Match("lib", one.fields, one.defaults))(kwargs, {}) for one in candidates)


@pytest.mark.parametrize("thinking", THINKING, ids=str)
def test_the_parts_of_a_nested_model_are_the_keys_of_its_mapping(thinking: Mapping[str, Any] | None) -> None:
    for choice, most in itertools.product(CHOICES, ({}, {"most": 4})):
        kwargs = {"thinking": thinking, "choice": choice, **most}
        try:
            Request.model_validate(kwargs)
            is_refused = False
        except pydantic.ValidationError:
            is_refused = True
        assert rejected(kwargs) is is_refused, kwargs
