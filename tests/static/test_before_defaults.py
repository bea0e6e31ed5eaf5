"""A validator that runs before the fields sees what is given, and no default of what is not."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, model_validator

from miners.static import mine_class
from miners.surface import class_facts
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Match
from tests.static.harness import imported_reader


class Request(BaseModel):
    final: bool = False
    prompted: bool = True
    store: bool = True

    @model_validator(mode="before")
    @classmethod
    def check(cls, data: Any) -> Any:
        if data.get("final") and data.get("prompted"):
            raise ValueError("not both")
        if data.get("final") and not data.get("store", True):
            raise ValueError("what is final is stored")
        return data


FACTS = class_facts(Request, "Request")
NOT_GIVEN = object()


@pytest.mark.parametrize("values", list(itertools.product([True, False, NOT_GIVEN], repeat=3)))
def test_the_rules_say_what_the_class_does(values: tuple[Any, ...]) -> None:
    findings = mine_class(FACTS, {"Request": FACTS}, imported_reader(), engine="lib")
    rules = [
        compile_match(Match("lib", one.fields, one.defaults)) for finding in findings for one in finding.candidates
    ]
    kwargs = {name: one for name, one in zip(Request.model_fields, values, strict=True) if one is not NOT_GIVEN}
    try:
        Request(**kwargs)
        is_rejected = False
    except ValidationError:
        is_rejected = True
    assert any(rule(kwargs, {}) for rule in rules) is is_rejected
