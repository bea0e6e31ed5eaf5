"""The table of findings for the summary of a CI job, and the files that are written beside the output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.cli import main
from pytest_llem_invariants.cli.formats.common import in_repository
from pytest_llem_invariants.cli.formats.markdown import _code, _escaped


def test_a_summary_has_a_row_for_each_finding_the_gravest_first(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "a.sh").write_text("demo serve m\n")
    (project / "b.sh").write_text("demo serve m --tensor-parallel-size=0\n")
    (project / "c.json").write_text('{"temperature": 0.001, "top_p": 1}')
    words = ["--root", ".", "a.sh", "c.json", "b.sh"]
    assert main(["check", "--format", "markdown", *words]) == 1
    told = capsys.readouterr().out
    lines = told.splitlines()
    assert lines[0] == "### Engine configs: ❌ 1 rejected, ✅ 2 accepted"
    assert [line.split(" | ")[:2] for line in lines if "error |" in line or "warning |" in line] == [
        ["| ❌ error", "`b.sh:1:14`"],
        ["| ⚠️ warning", "`c.json:1:2`"],
    ]
    assert "| ❌ | `b.sh` | demo 2.0 |" in told
    assert "`a.sh`" not in told
    (project / "summary.md").write_text("earlier\n")
    assert main(["check", "--summary", "summary.md", "--sarif", "out/found.sarif", *words]) == 1
    assert (project / "summary.md").read_text(encoding="utf-8") == f"earlier\n{told}"
    assert len(json.loads((project / "out/found.sarif").read_text())["runs"][0]["results"]) == 2


@given(st.text())
def test_nothing_in_a_config_makes_another_cell_or_markup(text: str) -> None:
    assert "\n" not in _escaped(text) + _code(text)
    assert not set("|<[*`") & set(re.sub(r"\\.", "", _escaped(text)))
    assert "|" not in _code(text)
    assert _code(text).count("`") == 2


def test_a_file_is_named_as_the_repository_knows_it(project: Path) -> None:
    assert in_repository("./a/../b.yaml") == "b.yaml"
    assert in_repository(str(project / "deploy" / "b.yaml")) == "deploy/b.yaml"
    assert in_repository("/nowhere/b.yaml") == "/nowhere/b.yaml"


def test_what_is_not_decided_has_a_place_for_code_scanning(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "run.sh").write_text("demo serve m --tensor-parallel-size=$TP\n")
    assert main(["check", "--root", ".", "--require-decided", "--format", "sarif", "run.sh"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    (location,) = result["locations"]
    assert (result["ruleId"], location["physicalLocation"]["artifactLocation"]["uri"]) == ("undecided", "run.sh")
