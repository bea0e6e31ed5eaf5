"""From effects to candidates: what a case says beyond the condition, and what is no case."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, model_validator

from miners.candidates.outcomes import Cause, Why
from miners.code.imported import ImportedReader
from miners.static import SiteFinding, mine_class
from miners.surface import class_facts
from pytest_llem_invariants.model import Clause


class Settings(BaseModel):
    backend: str = "torch"
    name: str | None = "x"
    size: int | None = None

    @model_validator(mode="after")
    def check(self) -> Settings:
        if self.backend != "proton" and self.size is not None:
            raise ValueError("size is for proton")
        if self.name != "y" and self.size == 3:
            raise ValueError("three is for y")
        return self


@dataclass
class Part:
    a: int = 0


@dataclass
class Changing:
    items: list[int] = field(default_factory=list)
    part: Any = None
    rank: int = 0

    def __post_init__(self) -> None:
        if self.items:
            self.items = list(dict.fromkeys(self.items))
        if isinstance(self.part, dict):
            self.part = Part(**self.part)
        if self.rank == 3:
            self.rank = int(os.environ["RANK"]) // 2

    def verify(self, model: Any) -> None:
        self._verify_rank()

    def _verify_rank(self) -> None:
        if self.rank == 9:
            raise ValueError("nine")


def found_in(cls: type) -> tuple[SiteFinding, ...]:
    surface = {one.__name__: class_facts(one, one.__name__) for one in (cls, Part)}
    return mine_class(surface[cls.__name__], surface, ImportedReader("tests"), engine="toy")


def test_a_field_that_is_never_unset_gives_no_case_for_being_so() -> None:
    first, second = found_in(Settings)
    (alone,) = first.candidates
    assert alone.fields == {"backend": (Clause("!=", "proton"),), "size": (Clause("present", True),)}
    assert alone.defaults == {"backend": "torch"}
    assert [one.fields["name"] for one in second.candidates] == [(Clause("!=", "y"),), (Clause("absent", True),)]


def test_what_is_made_distinct_changes_where_something_stands_twice() -> None:
    (candidate,) = found_in(Changing)[0].candidates
    assert candidate.fields["len(items)"] == (Clause(">", "@len(distinct(items))"),)


def test_an_object_made_of_the_mapping_that_was_given_changes_nothing() -> None:
    finding = found_in(Changing)[1]
    assert not finding.candidates
    assert [one.why for one in finding.dropped] == [Why(Cause.HOLDS_GIVEN)]


def test_a_value_from_the_environment_is_told_as_such() -> None:
    (candidate,) = found_in(Changing)[2].candidates
    assert candidate.shapes == ("environment",)


def test_what_only_runs_inside_of_a_method_that_asks_for_more_needs_that() -> None:
    finding = found_in(Changing)[3]
    assert not finding.candidates
    assert [one.why for one in finding.dropped] == [Why(Cause.NEEDS_ARGUMENT, names=("model",), said="_verify_rank")]
