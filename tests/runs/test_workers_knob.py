"""How many workers is one knob of all commands that have any: an option, else a variable."""

from __future__ import annotations

import argparse

import pytest

from miners.process.commands import WORKERS, add_workers


def workers(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_workers(parser)
    found: int = parser.parse_args(arguments).workers
    return found


def test_the_option_counts_before_the_variable_and_that_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    assert workers() == 2
    monkeypatch.setenv(WORKERS, "5")
    assert workers() == 5
    assert workers("--workers", "1") == 1
    monkeypatch.setenv(WORKERS, "many")
    with pytest.raises(SystemExit, match="2"):
        workers()
