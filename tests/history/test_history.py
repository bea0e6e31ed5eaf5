"""The history of an engine: stage after stage, resumable, published when it is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from miners.cli import main
from miners.history.one_version import PROPOSED, VALIDATED, Making, run_command
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import load_ssot

TEXT = """\
engine: fake
library: packaging
version: "1.1"
miner_pins: {invariants: ">=0.9"}
native_types: {lib.Config: "lib:Config"}
landmarks: ["lib:Config"]
loggers: [lib]
history: ["0.9", "1.0", "1.1"]
recipe:
  - [-r, needs.txt]
  - [--no-deps, "packaging=={version}"]
"""


class Machine:
    """Stands for pip, llem-mine and pytest: writes what they would, and can be killed at any of them."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.dies_at: str | None = None

    def __call__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> int:
        tool = Path(command[0]).name
        said = " ".join([tool, *command[1:]])
        if self.dies_at is not None and self.dies_at in said:
            log.write_text("killed\n")
            return 137
        self.said.append(said)
        assert "PYTHONPATH" not in environment
        assert environment["LLEM_UNCERTIFIED"], "the wheel of this code is made before its corpus is certified"
        if tool == "llem-mine":
            (folder / "corpora" / "fake" / PROPOSED).write_text("mined\n")
        if tool == "pytest":
            (folder / "corpora" / "fake" / VALIDATED).write_text("validated\n")
        return 0

    def ran(self, words: str) -> int:
        return sum(words in said for said in self.said)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "house"
    (root / "engine_versions").mkdir(parents=True)
    (root / "corpora" / "fake").mkdir(parents=True)
    (root / "engine_versions" / "fake.yaml").write_text(TEXT)
    (root / "engine_versions" / "needs.txt").write_text("pyyaml\n")
    return root


def _making(root: Path, machine: Machine) -> Making:
    return Making(load_ssot("fake", root), root, root.parent / "work", run=machine)


def test_a_version_is_installed_mined_replayed_and_published(root: Path) -> None:
    machine = Machine()
    told = _making(root, machine).make("0.9")
    published = root / "corpora" / "fake" / "history" / "0.9"
    assert (published / PROPOSED).read_text() == "mined\n"
    assert (published / VALIDATED).read_text() == "validated\n"
    assert told == f"corpora/fake/history/0.9 holds {PROPOSED}, {VALIDATED}"
    assert machine.ran("--no-deps packaging==0.9") == 1


@pytest.mark.parametrize(("version", "told"), [("0.9", 2), ("1.1", 0)])
def test_another_version_than_the_ssots_is_mined_on_purpose(root: Path, version: str, told: int) -> None:
    machine = Machine()
    _making(root, machine).make(version)
    assert machine.ran("--other-version") == told


def test_what_is_done_is_not_done_again(root: Path) -> None:
    machine = Machine()
    _making(root, machine).make("0.9")
    before = list(machine.said)
    _making(root, machine).make("0.9")
    assert machine.said == before


@pytest.mark.parametrize(
    ("dies_at", "again"),
    [
        ("packaging==", {"venv": 2, "build": 1, "--llem-engine": 1}),
        ("build fake", {"venv": 1, "build": 1, "--llem-engine": 1}),
        ("--llem-engine", {"venv": 1, "build": 1, "--llem-engine": 1}),
    ],
)
def test_a_kill_costs_the_stage_that_was_running(root: Path, dies_at: str, again: dict[str, int]) -> None:
    machine = Machine()
    machine.dies_at = dies_at
    with pytest.raises(MinerError, match="killed"):
        _making(root, machine).make("0.9")
    assert not (root / "corpora" / "fake" / "history").exists()
    machine.dies_at = None
    _making(root, machine).make("0.9")
    assert {words: machine.ran(f"-m {words}" if words == "venv" else words) for words in again} == again


def test_another_requirement_makes_the_environment_anew(root: Path) -> None:
    machine = Machine()
    _making(root, machine).make("0.9")
    (root / "engine_versions" / "needs.txt").write_text("pyyaml>=6\n")
    _making(root, machine).make("0.9")
    assert machine.ran("-m venv") == 2
    assert machine.ran("build") == 2


def test_again_mines_anew_in_the_same_environment(root: Path) -> None:
    machine = Machine()
    _making(root, machine).make("0.9")
    _making(root, machine).make("0.9", again=True)
    assert machine.ran("-m venv") == 1
    assert machine.ran("build") == 2


@pytest.mark.parametrize(
    ("after", "mined"),
    [
        ('"""Other words."""\n\n# and more\nLIMIT = 3\n', 1),
        ('"""Words."""\nLIMIT = 4\n', 2),
    ],
)
def test_other_code_mines_again_and_other_comments_do_not(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str, mined: int
) -> None:
    code = tmp_path / "code.py"
    monkeypatch.setattr(Making, "_sources", lambda self: iter([code]))
    machine = Machine()
    for text in ('"""Words."""\nLIMIT = 3\n', after):
        code.write_text(text)
        _making(root, machine).make("0.9")
    assert machine.ran("build") == mined


def test_a_call_of_the_recipe_may_hold_for_some_versions_only(root: Path) -> None:
    machine = Machine()
    _making(root, machine).make("0.9")
    _making(root, machine).make("1.0")
    path = root / "engine_versions" / "fake.yaml"
    path.write_text(TEXT.replace("  - [--no-deps", '  - {when: "<1", install: ["lib<2"]}\n  - [--no-deps'))
    _making(root, machine).make("0.9")
    _making(root, machine).make("1.0")
    assert [said.rpartition(" ")[2] for said in machine.said if "lib<2" in said] == ["lib<2"]
    assert machine.ran("-m venv") == 3  # the environment of the other version stands


def test_without_a_recipe_nothing_is_made(root: Path) -> None:
    path = root / "engine_versions" / "fake.yaml"
    path.write_text(TEXT[: TEXT.index("recipe")])
    with pytest.raises(MinerError, match=r"fake has no recipe — say in fake\.yaml"):
        _making(root, Machine()).make("0.9")


def test_a_version_that_the_history_does_not_name_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    assert main(["history", "fake", "7.0"]) == 2
    assert "7.0 is not in the history — it names 0.9, 1.0, 1.1" in capsys.readouterr().err


def test_a_command_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run_command(["sh", "-c", "echo broken >&2; exit 3"], tmp_path, {"PATH": "/usr/bin:/bin"}, log) == 3
    assert log.read_text() == "broken\n"
