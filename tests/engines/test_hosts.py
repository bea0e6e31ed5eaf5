"""A pretended machine: other facts, other packages; what is hidden is found in no way."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from dataclasses import replace
from typing import Any

import pytest

from miners.process.absent import remember_absent
from pytest_llem_invariants.engines.hosts import hide, host_of, moved_to
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.ssot import Ssot, load_ssot


def ssot_with(**hosts: Any) -> Ssot:
    ssot = load_ssot("vllm")
    return replace(ssot, adapter={**ssot.adapter, "hosts": hosts})


def test_a_machine_is_like_another_but_for_what_it_says_itself() -> None:
    one = {"environ": {"A": "1"}, "model": {"vocab_size": 9}}
    moved = moved_to(ssot_with(one=one, two={"like": "one", "facts": {"device.count": 2}, "model": {}}), "two")
    host = host_of(moved)
    assert (host.environ, host.model, host.facts) == ({"A": "1"}, {}, {"device.count": 2})
    assert moved.context["device.count"].default == 2
    assert load_ssot("vllm").context["device.count"].default != 2


@pytest.mark.parametrize(
    ("hosts", "asked", "said"),
    [
        ({"other": {}}, "othr", "vllm.yaml declares no machine 'othr' — did you mean 'other'?"),
        ({}, "other", "declares no machine 'other' — known are none"),
        ({"other": {"cores": 3}}, "other", "has 'cores' — a machine has environ, facts, model, packages, say"),
        ({"other": {"facts": {"device.cont": 3}}}, "other", "the fact 'device.cont', which `context` does not declare"),
        ({"other": {"like": "another"}}, "other", "declares no machine 'another'"),
    ],
)
def test_a_machine_that_is_declared_badly_is_one_clear_line(hosts: dict[str, Any], asked: str, said: str) -> None:
    with pytest.raises(EngineUnavailableError) as told:
        moved_to(ssot_with(**hosts), asked)
    assert said in str(told.value)


def test_an_engine_that_pretends_nothing_has_no_other_machine() -> None:
    host = host_of(load_ssot("vllm"))
    assert not any((host.environ, host.packages, host.say, host.model, host.facts))


def test_what_is_hidden_is_neither_imported_nor_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    hide({"pluggy", "colorsys"})
    assert importlib.util.find_spec("colorsys") is None
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("pluggy")
    assert importlib.metadata.version("hypothesis")
    assert importlib.util.find_spec("colorama_of_nobody") is None
    assert importlib.util.find_spec("this") is not None
    importlib.invalidate_caches()


def test_what_is_hidden_stays_so_where_absent_packages_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    hide({"colorsys"})
    hide({"this"})
    remember_absent()
    assert importlib.util.find_spec("colorsys") is importlib.util.find_spec("this") is None
    assert importlib.util.find_spec("antigravity") is not None
