"""The shipped corpora: what is told of neighbouring versions fits on a screen."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.checker.store import engines, packaged_root, versions
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.ssot import load_ssot

A_SCREEN = 50
PAIRS = [(engine, *versions(packaged_root(), engine)[:2]) for engine in ("transformers", "vllm")]
"""The oldest of each: those differ most."""


@pytest.mark.parametrize(("engine", "old", "new"), PAIRS)
def test_two_versions_are_told_on_a_screen(engine: str, old: str, new: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", engine, old, new]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) <= A_SCREEN
    assert shown[-1] == "--verbose lists everything"


@pytest.mark.parametrize(
    ("engine", "version"),
    [
        (engine, version)
        for engine in engines(packaged_root())
        for version in (*versions(packaged_root(), engine), load_ssot(engine).version)
    ],
)
def test_a_version_does_not_differ_from_itself(engine: str, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", engine, version, version]) == 0
    assert "no differences" in capsys.readouterr().out
