"""What is proposed of a source tree that nobody can import: what reading settles, and nothing else."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from miners.build.from_source import Proposed, build_from_source
from miners.surface.source_classes import skeletons_of
from pytest_llem_invariants.corpus.files import load_proposed, render_proposed
from pytest_llem_invariants.model import Rule, Severity
from pytest_llem_invariants.ssot import load_ssot

SSOT = """
engine: toy
library: toy
version: "1.0"
image: none
miner_pins: {static: ">=1", discovery: ">=1", invariants: ">=1", schemas: ">=1"}
native_types:
  toy.*: {class: "toy:*Side"}
  toy.Config: {class: "toy:Config", base_kwargs: {size: 1}}
landmarks: ["toy:Config"]
"""
HEAD = """
import ast
from typing import List, Optional, Union
from pydantic import BaseModel, field_validator, model_validator

__version__ = "1.0"
"""


def proposed(tmp_path: Path, code: str) -> Proposed:
    (tmp_path / "engine_versions").mkdir(exist_ok=True)
    (tmp_path / "engine_versions" / "toy.yaml").write_text(SSOT, encoding="utf-8")
    (tmp_path / "toy").mkdir(exist_ok=True)
    (tmp_path / "toy" / "__init__.py").write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
    return build_from_source(load_ssot("toy", tmp_path), skeletons_of(tmp_path, "toy"), previous=None)


def read(tmp_path: Path, code: str) -> list[Rule]:
    """The rules of the static miner."""
    return [rule for rule in proposed(tmp_path, code).corpus.rules if rule.added_by == "static_miner"]


def test_a_method_that_only_sounds_like_validation_is_not_taken_to_run(tmp_path: Path) -> None:
    code = """
    class Config(BaseModel):
        size: int = 1
        path: Optional[str] = None

        def validate_path(self):
            if self.path is None:
                raise ValueError("no path")

        def model_post_init(self, context):
            self.look()

        def look(self):
            if self.size > 9:
                raise ValueError("too large")
    """
    (rule,) = read(tmp_path, code)
    assert (rule.message_template, rule.miner_source.method) == ("too large", "Config.look")


def test_a_rule_that_refers_to_what_the_ssot_gives_shows_it_in_its_examples(tmp_path: Path) -> None:
    code = """
    class Config(BaseModel):
        size: int
        layers: Optional[int] = None

        @model_validator(mode="after")
        def take_size(self):
            self.layers = self.size
            return self
    """
    found = proposed(tmp_path, code).corpus
    file = tmp_path / "proposed.yaml"
    file.write_text(render_proposed(found), encoding="utf-8")
    (rule,) = [one for one in load_proposed(file).rules if one.severity is Severity.DORMANT]
    assert rule.kwargs_positive["size"] == rule.kwargs_negative["size"] == 1


@pytest.mark.parametrize(
    ("code", "why", "kept"),
    [
        (
            """
            class Config(BaseModel):
                size: int = 1
                choices: Optional[List[int]] = None

                @model_validator(mode="after")
                def sort(self):
                    if self.choices is not None:
                        self.choices = prepared(self.choices)
                    return self
            """,
            "sets a value that reading does not tell",
            [],
        ),
        (
            """
            class Config(BaseModel):
                size: int = 1
                layers: Optional[int] = None

                @model_validator(mode="after")
                def set_twice(self):
                    self.layers = self.size
                    if self.size > 4:
                        self.layers = 4
                    return self
            """,
            "what it sets may be set again",
            [16],
        ),
        (
            """
            class LeftSide(BaseModel):
                a: int = 0

            class RightSide(BaseModel):
                b: int = 0

            class Config(BaseModel):
                size: int = 1
                side: Union[LeftSide, RightSide, None] = None

                @model_validator(mode="after")
                def right_alone(self):
                    if self.side and not isinstance(self.side, RightSide):
                        raise ValueError("left")
                    return self
            """,
            "asks for the class of what a mapping may become",
            [],
        ),
        (
            """
            from dataclasses import dataclass
            from typing import Literal

            @dataclass
            class Config:
                size: Literal[1, 2] = 1
            """,
            "a type that only code of the class could enforce",
            [],
        ),
        (
            """
            from toy.elsewhere import Adapter

            class Config(BaseModel):
                size: int = 1
                adapter: Optional[Adapter] = None

                @model_validator(mode="after")
                def alone(self):
                    if self.adapter is not None:
                        raise ValueError("no adapter here")
                    return self
            """,
            "no pair of examples",
            [],
        ),
    ],
)
def test_what_only_a_library_could_settle_is_lost_and_counted(
    tmp_path: Path, code: str, why: str, kept: list[int]
) -> None:
    found = proposed(tmp_path, code)
    assert why in found.lost
    assert [rule.miner_source.line_at_scan for rule in found.corpus.rules if rule.added_by == "static_miner"] == kept


def test_what_is_read_of_a_class_keeps_its_examples_clear(tmp_path: Path) -> None:
    code = """
    class Config(BaseModel):
        size: int = 1
        backends: List[str] = ["a"]
        depth: Optional[int] = None

        @model_validator(mode="after")
        def known(self):
            foreign = set(self.backends) - {"a", "b"}
            if foreign:
                raise ValueError(f"unknown: {foreign}")
            if self.depth is None:
                return self
            if self.depth < 0:
                raise ValueError("below")
            if self.depth < -4 or self.depth > 9:
                raise ValueError("above")
            return self
    """
    found = proposed(tmp_path, code).corpus.rules
    assert {text for rule in found for text in rule.kwargs_negative.get("backends") or []} <= {"a", "b"}
    assert {rule.message_template for rule in found if rule.added_by == "static_miner"} == {
        "unknown: {foreign}",
        "below",
        "above",
    }
    (above,) = [rule for rule in found if rule.message_template == "above"]
    assert above.kwargs_positive["depth"] > 9


def test_whether_a_keyword_is_given_asks_for_no_default(tmp_path: Path) -> None:
    code = """
    class Config(BaseModel):
        size: int = 1
        layers: int = 1
        length: Optional[int] = None

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            if "layers" in kwargs:
                self.length = kwargs["layers"]
    """
    (rule,) = read(tmp_path, code)
    assert not rule.match.defaults
    assert "layers" in rule.kwargs_positive


def test_a_rule_is_meant_for_values_that_pydantic_leaves_as_they_are(tmp_path: Path) -> None:
    code = """
    class Config(BaseModel):
        size: int = 1
        strict: bool = False
        depth: float = 1.0

        @model_validator(mode="after")
        def check(self):
            if self.strict and self.depth != self.size:
                raise ValueError("strict")
            return self
    """
    (rule,) = read(tmp_path, code)
    said = {name: {clause.op: clause.rhs for clause in clauses} for name, clauses in rule.match.fields.items()}
    assert said == {
        "strict": {"truthy": True, "type_is": "bool"},
        "depth": {"!=": "@size", "type_is": ["int", "float"]},
        "size": {"type_is": "int"},
    }
