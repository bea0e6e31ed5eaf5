from __future__ import annotations

import os

import pytest

from pytest_llem_invariants.process.environment import environment, environment_key, restore_environment


def test_a_key_tells_environments_apart_and_is_the_same_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLEM_SWITCH", raising=False)
    without = environment_key()
    assert environment_key() is without
    monkeypatch.setenv("LLEM_SWITCH", "1")
    on = environment_key()
    monkeypatch.setenv("LLEM_SWITCH", "0")
    assert len({without, on, environment_key()}) == 3
    monkeypatch.delenv("LLEM_SWITCH")
    assert environment_key() == without


def test_what_a_library_set_changed_or_unset_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLEM_KEPT", "é")
    monkeypatch.setenv("LLEM_GONE", "2")
    before = environment()
    os.environ["LLEM_KEPT"] = "changed"
    del os.environ["LLEM_GONE"]
    os.environ["LLEM_NEW"] = "3"
    restore_environment(before)
    assert environment() == before
    assert (os.environ["LLEM_KEPT"], os.environ["LLEM_GONE"], os.environ.get("LLEM_NEW")) == ("é", "2", None)
