"""What another version makes of the configs in files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_llem_invariants.cli import main

SCRIPT = "demo serve a --tensor-parallel-size=0\ndemo serve b --tensor-parallel-size=2\n"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["upgrade", "--root", ".", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_what_breaks_is_told_with_its_place_and_fix(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "run.sh").write_text(SCRIPT)
    status, out, _ = run(capsys, "--from", "1.0", "--to", "2.0", "run.sh")
    assert status == 1
    assert "run.sh:1:14: breaks: must be at least 1, got 0" in out
    assert out.splitlines()[-1] == "demo 1.0 → 2.0: 1 breaks in 2 configs"


def test_what_was_rejected_before_does_not_break(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "run.sh").write_text(SCRIPT)
    status, out, _ = run(capsys, "--from", "2.0", "--to", "1.0", "run.sh")
    assert status == 0
    assert out.splitlines()[-1] == "demo 2.0 → 1.0: nothing breaks in 2 configs; 1 of them 2.0 rejects, too"


@pytest.mark.parametrize("layout", ["json", "markdown"])
def test_the_other_formats(project: Path, capsys: pytest.CaptureFixture[str], layout: str) -> None:
    (project / "run.sh").write_text(SCRIPT)
    status, out, _ = run(capsys, "--from", "1.0", "--to", "2.0", "--format", layout, ".")
    assert status == 1
    if layout == "json":
        told = json.loads(out)
        assert [(one["kind"], one["place"]) for one in told["changes"]] == [("breaks", "run.sh:1:14")]
        assert (told["from"], told["to"], told["configs"]) == ("1.0", "2.0", 2)
    else:
        assert "| `run.sh:1:14` | breaks | must be at least 1, got 0 |" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "1.0", "--to", "9", "run.sh"], "no engine has rules of both 1.0 and 9 — known are demo 1.0, 2.0"),
        (["--engine", "demo", "--from", "7", "--to", "2.0", "run.sh"], "known are 1.0, 2.0"),
        (["--from", "1.0", "--to", "2.0", "gone.sh"], "cannot be read"),
    ],
)
def test_what_cannot_be_answered_is_exit_2(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    (project / "run.sh").write_text(SCRIPT)
    status, _, err = run(capsys, *words)
    assert (status, err.count("\n")) == (2, 1)
    assert told in err


def test_the_same_cause_in_many_places_is_told_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "run.sh").write_text("demo serve a --tensor-parallel-size=0\n" * 8)
    out = run(capsys, "--from", "1.0", "--to", "2.0", "run.sh")[1]
    assert out.count("must be at least 1, got 0") == 1
    assert "  also  run.sh:2:14, run.sh:3:14, run.sh:4:14, run.sh:5:14, run.sh:6:14 and 2 more\n" in out
    out = run(capsys, "--from", "1.0", "--to", "2.0", "--format", "markdown", "run.sh")[1]
    assert out.count("| breaks |") == 1
    told = json.loads(run(capsys, "--from", "1.0", "--to", "2.0", "--format", "json", "run.sh")[1])
    assert len(told["changes"]) == 8
