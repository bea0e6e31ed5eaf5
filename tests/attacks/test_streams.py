"""However the streams of a command are, its status says what was found, and it says no more than it should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_llem_invariants.cli.formats import FORMATS

ROOT = Path(__file__).parents[2]
CHECK = (sys.executable, "-m", "pytest_llem_invariants.cli", "check")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def shell(line: str, *words: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell in which `$0 …` is the command with its words as `$@`."""
    command = ["sh", "-c", line, *CHECK, *map(str, words)]
    env = {**ENVIRONMENT, **environment}
    return subprocess.run(command, capture_output=True, env=env, cwd=cwd, timeout=60, check=False)


@pytest.fixture(params=[0, 1], ids=["accepted", "rejected"])
def case(request: pytest.FixtureRequest, good: Path, bad: Path) -> tuple[int, Path]:
    return request.param, (good, bad)[request.param]


def test_a_reader_that_is_gone_changes_no_status(case: tuple[int, Path]) -> None:
    status, path = case
    for form in FORMATS:
        reading, writing = os.pipe()
        os.close(reading)
        command = [*CHECK, "--engine", "transformers", "--format", form, str(path)]
        ended = subprocess.run(
            command, stdout=writing, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=60, check=False
        )
        os.close(writing)
        assert (ended.returncode, ended.stderr) == (status, b""), form


@pytest.mark.parametrize("line", ['"$0" "$@" >&-', '"$0" "$@" >&- 2>&-', '"$0" "$@" <&-', '"$0" "$@" 2>&-'])
def test_a_stream_that_is_closed_changes_no_status(case: tuple[int, Path], line: str) -> None:
    status, path = case
    ended = shell(line, "--engine", "transformers", path)
    assert (ended.returncode, ended.stderr) == (status, b"")


def test_standard_input_that_is_closed_is_one_sentence() -> None:
    ended = shell('"$0" "$@" <&-', "-")
    assert ended.returncode == 2
    assert ended.stderr.decode() == "llem-invariants: <stdin>: standard input is closed — name a file\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_no_encoding_of_a_terminal_changes_a_status(case: tuple[int, Path], encoding: str, form: str) -> None:
    status, path = case
    ended = shell('"$0" "$@"', "--engine", "transformers", "--format", form, path, PYTHONIOENCODING=encoding)
    assert (ended.returncode, ended.stderr) == (status, b"")
    ended.stdout.decode(encoding)
    if form == "text" and encoding == "ascii":
        assert ended.stdout.splitlines()[-1].startswith((b"+ accepted", b"x rejected")[status : status + 1])


def test_a_full_disk_is_one_sentence(good: Path) -> None:
    ended = shell('"$0" "$@" >/dev/full', "--engine", "transformers", good)
    assert ended.returncode == 2
    assert ended.stderr.decode().splitlines() == ["llem-invariants: No space left on device"]


def test_a_folder_that_is_gone_changes_no_status(case: tuple[int, Path], tmp_path: Path) -> None:
    status, path = case
    gone = tmp_path / "gone"
    gone.mkdir()
    ended = shell('rmdir "$PWD"; "$0" "$@"', "--engine", "transformers", path, cwd=gone)
    assert (ended.returncode, ended.stderr) == (status, b"")


def test_a_command_may_read_what_the_shell_hands_it(bad: Path) -> None:
    ended = subprocess.run(
        ["bash", "-c", f'"$@" --engine transformers <(cat {bad})', "-", *CHECK],
        capture_output=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_the_miner_ends_alike() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    miner = [sys.executable, "-c", "from miners.cli import command; command()"]
    ended = subprocess.run(
        [*miner, "--help"], stdout=writing, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=60, check=False
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")
    refused = subprocess.run(
        [*miner, "ledger", "no\x1b[31mne\n::stop-commands::x"],
        capture_output=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2
    assert refused.stderr.count(b"\n") == 1
    assert b"\x1b" not in refused.stderr
