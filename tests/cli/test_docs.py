"""The examples of the checker's pages are run, and say what the pages say."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_llem_invariants.cli import main

ROOT = Path(__file__).parents[2]
PAGES = (
    "how-to/check-a-config.md",
    "how-to/does-it-fit.md",
    "how-to/sweep.md",
    "reference/cli.md",
    "reference/checker.md",
)
_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_HOLE = "…"


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    if words[0] == "llem-invariants":
        status = main(words[1:])
        out, err = capsys.readouterr()
        return status, out + err
    assert words[0] == "pytest"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", *words[1:]],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def assert_says(told: str, expected: str, command: str) -> None:
    """The whole output, with `…` for whatever stands there."""
    pattern = ".*".join(re.escape(part) for part in expected.strip().split(_HOLE))
    assert re.fullmatch(pattern, told.strip(), re.DOTALL), f"{command}\n{told}\n--- expected\n{expected}"


def assert_session(text: str, capsys: pytest.CaptureFixture[str]) -> int:
    """Every command of a block; returns how many there were."""
    status = 0
    sessions = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    for session in sessions:
        command, _, expected = session.partition("\n")
        if command == "echo $?":
            assert expected.strip() == str(status)
            continue
        status, told = run(shlex.split(command), capsys)
        assert_says(told, expected, command)
    return len(sessions)


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_say_what_the_page_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = _FENCE.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    for _, title, text in blocks:
        if title:
            (tmp_path / title).parent.mkdir(exist_ok=True)
            (tmp_path / title).write_text(text, encoding="utf-8")
    scope: dict[str, object] = {}
    ran = 0
    for language, title, text in blocks:
        if language == "console":
            ran += assert_session(text, capsys)
        elif language == "python" and not title:
            exec(compile(text, page, "exec"), scope)
            ran += 1
        elif language == "json":
            json.loads(text)
    assert ran


@pytest.mark.parametrize("command", ["check", "explain", "list", "diff", "export", "sweep", "compile"])
def test_every_command_has_its_section(command: str) -> None:
    assert f"\n## {command}\n" in (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
