"""What an engine asks when it starts is asked of those objects alone of which it asks it."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_llem_invariants.engines import startup
from pytest_llem_invariants.engines.startup import ask_at_start
from pytest_llem_invariants.native_types import Call


class Kind(Enum):
    FAST = "lib.fast.Kind"
    OWN = "lib.models.own.Kind"


@pytest.mark.parametrize(("kind", "is_asked"), [(Kind.FAST, True), (Kind.OWN, False), (None, False), ("FAST", True)])
def test_a_member_of_an_enum_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch, kind: Any, is_asked: bool) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(startup, "_at", lambda place: asked.append)
    call = Call("lib:check", ("kind",), only={"kind": ("FAST",)})
    ask_at_start([call], SimpleNamespace(kind=kind), lambda fact: None, "1.0")
    assert asked == ([kind] if is_asked else [])


@pytest.mark.parametrize(("facts", "is_asked"), [({"model.size": 3}, True), ({"model.other": 3}, False), ({}, False)])
def test_it_is_asked_of_the_object_itself_where_a_fact_that_it_needs_is_given(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], is_asked: bool
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(startup, "_at", lambda place: asked.append)
    built = SimpleNamespace()
    ask_at_start([Call("lib:check", (".",), given=("model.size",))], built, facts.get, "1.0")
    assert asked == ([built] if is_asked else [])
