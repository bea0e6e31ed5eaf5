"""The hooks of pre-commit, run as it runs them: the entry, the arguments of the repository, the files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_llem_invariants.cli import main
from pytest_llem_invariants.readers.registry import JSON, READERS

ROOT = Path(__file__).parents[2]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
BY_KIND = [name for name in HOOKS if name != "llem-invariants"]


def run(hook: str, folder: Path, *files: str) -> int:
    program, *words = shlex.split(HOOKS[hook]["entry"])
    assert program == "llem-invariants"
    return main([*words, "--root", str(folder), *files])


@pytest.mark.parametrize(
    "name",
    [
        *(f"a{ending}" for reader in READERS for ending in reader.endings),
        *(f"b/{name.title()}.x" for reader in READERS for name in reader.names),
        f"a{JSON}",
    ],
)
def test_every_file_that_is_read_has_one_hook(name: str) -> None:
    assert sum(re.search(HOOKS[hook]["files"], name) is not None for hook in BY_KIND) == 1


@pytest.mark.parametrize("hook", BY_KIND)
def test_files_without_a_config_pass_and_a_bad_one_fails(
    hook: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "a.md").write_text("demo is not here\n")
    (project / "b.yaml").write_text("kind: [\n")
    assert run(hook, project, "a.md", "b.yaml") == 0
    assert capsys.readouterr() == ("", "")
    (project / "c.sh").write_text("demo serve m --tensor-parallel-size=0\n")
    assert run(hook, project, "a.md", "b.yaml", "c.sh") == 1
    assert capsys.readouterr().out.startswith("c.sh:1:14: error: --tensor-parallel-size=0\n")


def test_a_file_that_somebody_chose_holds_a_config(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "a.yaml").write_text("kind: x\n")
    assert run("llem-invariants", project, "a.yaml") == 2
    assert "no engine has any of these keys" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_no_other(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(BY_KIND[0], project, "nowhere.yaml") == 2
    assert "nowhere.yaml" in capsys.readouterr().err


def test_what_was_skipped_is_told_where_asked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "a.md").write_text("nothing\n")
    assert main(["check", "--root", ".", "--skip-others", "--explain-skipped", "a.md"]) == 0
    assert capsys.readouterr().err == "a.md: skipped: no trace of an engine\n"
