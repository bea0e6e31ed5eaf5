"""Conditions of very many cases, and values that come from very many branches: the plainest of them are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from miners.static import mine_class
from miners.surface import class_facts
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Match
from tests.static.harness import imported_reader


class Inner(BaseModel):
    size: int = 1


class Sized(BaseModel):
    size: int = 1

    def __len__(self) -> int:
        return self.size


class Objects(BaseModel):
    inner: Inner | None = None
    sized: Sized | None = None
    a: int = 0

    def model_post_init(self, context: object) -> None:
        if not self.inner and self.a == 1:
            raise ValueError("no inner")
        if self.sized and self.a == 2:
            raise ValueError("sized")


class Product(BaseModel):
    a: int = 0
    f0: int = 0
    f1: int = 0
    f2: int = 0
    f3: int = 0
    f4: int = 0

    def model_post_init(self, context: object) -> None:
        first = self.f0 == 1 or (self.f0 == 2 and self.a > 2) or (self.f1 == 3 and self.a > 3)
        second = self.f1 == 1 or (self.f1 == 2 and self.a > 4) or (self.f2 == 3 and self.a > 5)
        third = self.f2 == 1 or (self.f2 == 2 and self.a > 6) or (self.f3 == 3 and self.a > 7)
        fourth = self.f3 == 1 or (self.f3 == 2 and self.a > 8) or (self.f4 == 3 and self.a > 9)
        if first and second and third and fourth:
            raise ValueError("all of them")


class Branches(BaseModel):
    kind: int = 0
    a: int = 0

    def model_post_init(self, context: object) -> None:
        factor: object = "none"
        if self.kind == 1:
            factor = 1
        elif self.kind == 2:
            factor = 2
        elif self.kind == 3:
            factor = 3
        elif self.kind == 4:
            factor = 4
        elif self.kind == 5:
            factor = 5
        elif self.kind == 6:
            factor = 6
        elif self.kind == 7:
            factor = 7
        elif self.kind == 8:
            factor = 8
        elif self.kind == 9:
            factor = 9
        elif self.kind == 10:
            factor = 10
        elif self.kind == 11:
            factor = 11
        if factor == 3 and self.a > 1:
            raise ValueError("three")


SURFACE = {cls.__name__: class_facts(cls, cls.__name__) for cls in (Objects, Inner, Sized, Product, Branches)}


def said(name: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether a candidate of which nothing is unsaid claims the config."""
    findings = mine_class(SURFACE[name], SURFACE, imported_reader(), engine="lib")
    whole = [one for finding in findings for one in finding.candidates if not one.opaque]
    return any(compile_match(Match("lib", one.fields, one.defaults))(kwargs, {}) for one in whole)


def test_an_object_is_true_unless_its_class_says_otherwise() -> None:
    fields = {
        subject: tuple(clause.op for clause in clauses)
        for finding in mine_class(SURFACE["Objects"], SURFACE, imported_reader(), engine="lib")
        for candidate in finding.candidates
        for subject, clauses in candidate.fields.items()
    }
    assert fields == {"inner": ("absent",), "sized": ("truthy",), "a": ("==",)}


@pytest.mark.parametrize(("kwargs", "claimed"), [({"f0": 1, "f1": 1, "f2": 1, "f3": 1}, True), ({"f0": 1}, False)])
def test_the_plainest_case_of_a_product_is_said(kwargs: Mapping[str, Any], claimed: bool) -> None:
    assert said("Product", kwargs) is claimed


@pytest.mark.parametrize(("kind", "claimed"), [(3, True), (2, False), (0, False)])
def test_what_too_many_branches_leave_is_known_for_the_plainest(kind: int, claimed: bool) -> None:
    assert said("Branches", {"kind": kind, "a": 2}) is claimed
