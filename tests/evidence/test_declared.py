"""What an engine's file says that a question at the start hangs on is a guess, in the library's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.candidates.declared import asked_at_start, is_claimed, none_twice
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.model import AddedBy, Clause, ContextField, Kwargs, MinerSource, ObservedException
from pytest_llem_invariants.native_types import NativeType, native_types_of
from pytest_llem_invariants.ssot import known_engines, load_ssot
from pytest_llem_invariants.text.strict import Section
from pytest_llem_invariants.text.yaml_reader import load_yaml
from tests.evidence.test_soundness import rule

CONTEXT = {"device.parts": ContextField(1, (1, 2, 4), False, "int")}
FILE = """
lib.Config:
  class: lib:Config
  startup:
    - call: lib:check
      with: [.]
      versions: ">=2"
      claims:
        - match: {n: {">": "@device.parts"}, device.parts: {">": 1}}
          examples: [{n: 3}, {n: 5}]
          why: it is asked at the start
"""


def candidates(version: str, raises: Mapping[int, str]) -> list[Candidate]:
    document = load_yaml(FILE, "lib.yaml")
    (entry,) = native_types_of(Section(document, (), document.data)).values()

    def asks(name: str, kwargs: Kwargs, world: Mapping[str, Any]) -> ObservedException | None:
        text = raises.get(kwargs["n"])
        return None if text is None else ObservedException("ValueError", f"{text} {kwargs}", raised_at="lib/core.py:7")

    return list(asked_at_start(entry, version, CONTEXT, asks, lambda met: f"{len(met)} of them"))


def test_it_is_proposed_where_each_example_is_rejected() -> None:
    (one,) = candidates("2.0", {3: "too many", 5: "too many"})
    assert one.added_by is AddedBy.ENGINE_FILE
    assert one.source == MinerSource("lib/core.py", "", 7)
    assert (one.hints, one.notes) == (({"n": 3}, {"n": 5}), "it is asked at the start")
    assert one.template == "3 of them"  # the first is claimed in one of the worlds alone


def test_it_is_no_guess_where_one_is_taken_or_the_version_does_not_ask() -> None:
    assert candidates("2.0", {3: "too many"}) == []
    assert candidates("1.0", {3: "too many", 5: "too many"}) == []


def test_what_its_own_checks_hang_on_is_proposed_in_every_version() -> None:
    entry = entry_of(HANDED_ON)
    error = ObservedException("ValueError", "too many", raised_at="lib/core.py:7")
    (one,) = asked_at_start(entry, "1.0", {}, lambda name, kwargs, world: error, lambda met: None)
    assert one.native_type == "lib.Request"


HANDED_ON = """
lib.Request:
  class: lib:Request
  claims:
    - match: {n: {">": 2}}
      examples: [{n: 3}]
      why: it is handed on
"""
TWICE = """
lib.Config:
  class: lib:Config
  claims:
    - match: {n: {in: [1, 2, 3]}, kind: old}
      examples: [{n: 1}]
      why: it is asked for
  startup:
    - call: lib:check
      with: [.]
      versions: ">=2"
      claims:
        - match: {kind: old, n: {in: [1, 2]}}
          examples: [{n: 2}]
          why: it is asked for again
"""


def entry_of(file: str) -> NativeType:
    document = load_yaml(file, "lib.yaml")
    (entry,) = native_types_of(Section(document, (), document.data)).values()
    return entry


def test_a_claim_that_another_one_of_the_class_contains_is_named_with_the_line_of_both() -> None:
    with pytest.raises(CorpusError) as told:
        none_twice(entry_of(TWICE), "2.0")
    assert "lib.yaml:13" in str(told.value)
    assert "lib.Config: this claim says nothing that the one in line 5 does not say" in str(told.value)
    assert "keep one of them" in str(told.value)


@pytest.mark.parametrize(("file", "version"), [(TWICE, "1.0"), (TWICE.replace("[1, 2]", "[1, 4]"), "2.0")])
def test_claims_of_other_versions_or_of_other_values_stand_side_by_side(file: str, version: str) -> None:
    none_twice(entry_of(file), version)


@pytest.mark.parametrize("engine", known_engines())
def test_no_claim_of_an_engine_that_we_ship_says_what_another_one_says(engine: str) -> None:
    ssot = load_ssot(engine)
    for version in {ssot.version, *ssot.history}:
        for entry in ssot.native_types.values():
            none_twice(entry, version)


@pytest.mark.parametrize(("subject", "claimed"), [("n", True), ("m", False)])
def test_a_rule_is_claimed_as_long_as_a_claim_of_its_class_speaks_of_its_fields(subject: str, claimed: bool) -> None:
    told = rule({subject: (Clause(">", 2),)}, {subject: 3}, {subject: 0})
    assert is_claimed(told, entry_of(HANDED_ON), "1.0") is claimed
    assert not is_claimed(told, None, "1.0")
