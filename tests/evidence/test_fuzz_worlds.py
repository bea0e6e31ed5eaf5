"""The fuzz in random worlds: what it counts, and the law that what is rejected without facts is rejected everywhere."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.examples.draws import Drawer
from miners.measure.fuzz import TYPE_CORRECT
from miners.measure.world_draws import WorldDrawer
from miners.measure.worlds import Trial, WorldReport, WorldSides, fuzz_worlds
from pytest_llem_invariants.model import ContextField, Kwargs, ObservedException
from tests.evidence.test_soundness import FACTS

SURFACE = {"lib.Config": FACTS, "lib.Other": FACTS}
DECLARED = {
    "device.count": ContextField(8, (1, 8, 64), False, "int"),
    "env.STRICT": ContextField(0, (0, 1)),
}


def raises(native_type: str, kwargs: Kwargs, world: Mapping[str, Any]) -> ObservedException | None:
    """Rejects more than there are devices, and what is negative where it is strict."""
    n = kwargs.get("n", 1)
    if isinstance(n, int) and (n > world["device.count"] or (n < 0 and world["env.STRICT"])):
        return ObservedException("ValueError", "out of range", raised_at="lib/config.py:7")
    return None


def foresees(native_type: str, kwargs: Kwargs, world: Mapping[str, Any]) -> bool:
    n = kwargs.get("n", 1)
    assumed = {"env.STRICT": 0, **world}
    known = isinstance(n, int) and n > world.get("device.count", 64)
    return known or (isinstance(n, int) and n < 0 and bool(assumed["env.STRICT"]))


def report_of(predicts: Any, *, seed: int = 1, workers: int = 1) -> WorldReport:
    trial = Trial(SURFACE, Drawer(SURFACE), WorldSides(raises, predicts), WorldDrawer(DECLARED), 5, seed)
    return fuzz_worlds(trial, sorted(SURFACE), 2000, workers=workers)


def test_a_checker_that_knows_the_facts_and_keeps_to_them_is_sound() -> None:
    report = report_of(foresees)
    assert report.is_sound
    assert report.given.recall(TYPE_CORRECT) == 1
    assert report.law.asked == 5 * report.law.configs > 0
    assert "0 accepted in some world" in report.to_text()


def test_to_take_the_default_for_the_fact_breaks_the_law() -> None:
    def assuming(name: str, kwargs: Kwargs, world: Mapping[str, Any]) -> bool:
        return foresees(name, kwargs, {"device.count": 8, **world})

    report = report_of(assuming)
    assert report.given.false_rejections(TYPE_CORRECT) == 0
    assert report.law.broken
    assert not report.is_sound
    assert {one.world.get("device.count") for one in report.law.broken} == {64}
    assert "beside device.count=64" in report.to_text()


def test_what_is_assumed_keeps_its_default_in_the_law_and_varies_where_it_is_given() -> None:
    def strict(name: str, kwargs: Kwargs, world: Mapping[str, Any]) -> bool:
        return raises(name, kwargs, {"device.count": 64, "env.STRICT": 0, **world}) is not None

    assert report_of(strict).is_sound
    never = report_of(lambda name, kwargs, world: False)
    assert never.given.recall(TYPE_CORRECT) == 0
    assert never.law.configs == never.law.asked == 0


def test_a_false_rejection_in_a_world_says_where() -> None:
    report = report_of(lambda name, kwargs, world: bool(world) and kwargs.get("n", 1) == 2)
    assert not report.is_sound
    assert "rejected falsely" in report.to_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_report_is_the_same_whatever_the_workers(workers: int) -> None:
    assert report_of(foresees, workers=workers).to_text() == report_of(foresees).to_text()
    assert report_of(foresees, seed=2).to_text() != report_of(foresees).to_text()


def test_facts_that_hang_together_are_drawn_as_a_whole() -> None:
    declared = {name: ContextField(False, (False, True), False, "bool") for name in ("model.a", "model.b", "model.c")}
    together = ({"model.a": True, "model.b": True}, {"model.a": False, "model.b": False})
    met = set()

    def rejects(name: str, kwargs: Kwargs, world: Mapping[str, Any]) -> None:
        met.add((world["model.a"], world["model.b"], world["model.c"]))

    sides = WorldSides(rejects, lambda name, kwargs, world: False)
    Trial(SURFACE, Drawer(SURFACE), sides, WorldDrawer(declared, together), 5, 1).of("lib.Config", 2000)
    assert met == {(True, True, True), (True, True, False), (False, False, True), (False, False, False)}


@given(st.integers(0, 2**32))
def test_a_fact_that_goes_with_another_is_drawn_beside_it_alone(seed: int) -> None:
    declared = {
        "model.method": ContextField(None, (None, "fp8", "awq"), False, "str"),
        "model.block": ContextField(None, (None, [128, 128]), False, "list"),
        "model.group": ContextField(None, (None, 64), False, "int"),
        "env.STRICT": ContextField(0, (0, 1)),
    }
    goes_with = {"model.block": {"model.method": ["fp8"]}, "model.group": {"model.method": ["awq"]}}
    source = random.Random(seed)
    comes_with = {"model.method": {"awq": {"model.group": [64]}}}
    whole = [WorldDrawer(declared, (), goes_with, comes_with).drawn(source) for _ in range(100)]
    assert all(world["model.group"] == (64 if world["model.method"] == "awq" else None) for world in whole)
    worlds = [WorldDrawer(declared, (), goes_with).drawn(source, unknown_only=True) for _ in range(300)]
    pairs = {(world["model.method"], str(world["model.block"]), world["model.group"]) for world in worlds}
    assert all(block == "None" or method == "fp8" for method, block, _ in pairs)
    assert all(group is None or method == "awq" for method, _, group in pairs)
    assert len(pairs) > 3
    assert {world["env.STRICT"] for world in worlds} == {0}
