"""A build makes rules of what was probed beside facts, of a class by itself and of a front."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from miners.build.named_class import adapter_for
from miners.build.pipeline import Crew, build
from miners.process.progress import Progress
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.model import ContextField, Rule
from pytest_llem_invariants.native_types import Step

CODE = """
import importlib


class Made:
    pass


class Served:
    def __init__(self, streams: int = 1, width: int = 1):
        self.streams, self.width = streams, width
        if type(self) is Served:
            self.create()

    def create(self):
        seats = int(importlib.import_module("os").environ.get("SEATS", "4"))
        if seats % self.streams:
            raise ValueError(f"seats ({seats}) must be divisible by streams ({self.streams})")
        return Made()


class Front(Served):
    pass
"""
SEATS = ContextField(4, (4, 12, 40), assumed=False, type="int")
RULE = {"env.SEATS": [("not_divisible_by", "@streams")]}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A library that reads how many seats there are, in a way that nobody reads in its code."""
    (tmp_path / "worldlib.py").write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("worldlib", None)


def adapter_of(name: str, **how: Any) -> EngineAdapter:
    made = adapter_for(f"worldlib:{name}", steps=())
    (entry,) = made.ssot.native_types.values()
    entry = replace(entry, facts=("env.*",), **how)
    ssot = replace(made.ssot, context={"env.SEATS": SEATS}, native_types={entry.name: entry})
    return type(made)(ssot)


def fields_of(rule: Rule) -> Mapping[str, list[tuple[str, Any]]]:
    return {subject: [(one.op, one.rhs) for one in clauses] for subject, clauses in rule.match.fields.items()}


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("name", "how"), [("Served", {}), ("Front", {"build": (Step("create", {}, returns=True),)})])
def test_what_hangs_on_a_fact_becomes_a_rule_the_same_with_one_worker_and_two(name: str, how: dict[str, Any]) -> None:
    adapter = adapter_of(name, **how)
    mined = [build(adapter, Crew(Progress(quiet=True), workers=n)).corpus.rules for n in (1, 2)]
    assert mined[0] == mined[1]
    assert [fields_of(rule) for rule in mined[0]].count(RULE) == 1
