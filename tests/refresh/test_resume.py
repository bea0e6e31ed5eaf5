"""A kill costs the step that was running; the tree is as it was until all is made, and then all of it is written."""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from pathlib import Path

import pytest

from miners.process.progress import Progress
from miners.refresh import steps, workspace
from miners.refresh.steps import Refresh, Step, Wish
from miners.refresh.workspace import Workspace
from pytest_llem_invariants.errors import MinerError
from tests.refresh.house import House, build

NAMES = [step.name for step in steps.STEPS]


class Killed(BaseException):
    """Stands for the end of the process."""


class Machine:
    """Steps with the real names that write a file each, and can be killed before their end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ran: Counter[str] = Counter()
        self.dies_in: str | None = None
        monkeypatch.setattr(steps, "STEPS", tuple(Step(name, self._work(name)) for name in NAMES))

    def _work(self, name: str):  # type: ignore[no-untyped-def]
        def work(one: Refresh) -> str:
            self.ran[name] += 1
            if name == self.dies_in:
                raise Killed
            (one.space.corpus / f"{name}.json").write_text(name)
            (one.space.tree / "README.md").unlink(missing_ok=True)
            return name

        return work


@pytest.fixture
def house(tmp_path: Path) -> House:
    return build(tmp_path)


def refresh(house: House, version: str = "1.1", code: str = "code", moment: str = "0") -> Refresh:
    work = house.root.parent / "work"
    work.mkdir(exist_ok=True)
    one = Refresh(Workspace("tiny", house.root, work / "tree"), Wish(version), work, None, moment)
    one.run(Progress(quiet=True), code)
    return one


@pytest.mark.parametrize("name", NAMES)
def test_a_kill_in_any_step_repeats_that_step_alone(house: House, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    machine = Machine(monkeypatch)
    machine.dies_in = name
    with pytest.raises(Killed):
        refresh(house)
    assert house.git("status", "--porcelain") == ""
    machine.dies_in = None
    refresh(house).write()
    assert machine.ran == Counter({**dict.fromkeys(NAMES, 1), name: 2})
    assert {path.stem for path in (house.root / "corpora/tiny").glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("written", range(4))
def test_a_kill_while_the_tree_is_written_is_made_up_for(
    house: House, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    machine = Machine(monkeypatch)
    left = [written]
    really = workspace.write_atomically

    def dies(path: Path, text: str) -> None:
        if house.root in path.parents:
            if not left[0]:
                raise Killed
            left[0] -= 1
        really(path, text)

    monkeypatch.setattr(workspace, "write_atomically", dies)
    with pytest.raises(Killed):
        refresh(house).write()
    monkeypatch.setattr(workspace, "write_atomically", really)
    refresh(house).write()
    assert machine.ran == Counter(NAMES)
    assert refresh(house, code="other").journal.has("comment")  # is of another state, and began anew
    assert set(machine.ran.values()) == {2}
    assert {path.stem for path in (house.root / "corpora/tiny").glob("*.json")} == set(NAMES)
    assert not (house.root / "README.md").exists()


def test_what_was_half_written_before_another_commit_is_not_written_over_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch)
    one = refresh(house)
    one.journal.writing(True)  # and then it was killed
    house.edit("README.md", "proven", "shown")
    refresh(house, moment="1")
    assert set(machine.ran.values()) == {2}


@pytest.mark.parametrize("change", ["code", "version", "tree"])
def test_what_it_depends_on_begins_it_anew(house: House, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    machine = Machine(monkeypatch)
    refresh(house)
    refresh(house)
    assert machine.ran == Counter(NAMES)
    if change == "tree":
        house.edit("README.md", "proven", "shown")
    refresh(house, "1.2" if change == "version" else "1.1", "other" if change == "code" else "code")
    assert set(machine.ran.values()) == {2}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "soon"], "'soon' is no version — write it as the registry does"),
        (["--to", "1.1", "--here"], "tinylib is not installed for"),
        (["--to", "1.1", "--python", "/nowhere/python"], "/nowhere/python cannot be started"),
    ],
)
def test_what_cannot_be_refreshed_is_told_and_changes_nothing(house: House, words: list[str], said: str) -> None:
    work = ["--work", str(house.root.parent / "work")]
    assert said in house.run("refresh", "tiny", *words, *work, release=None, status=2).stderr
    assert house.git("status", "--porcelain") == ""


@pytest.mark.parametrize(("version", "told"), [("1.1", []), ("1.0", ["`memory.discovered.json` is still of 1.0"])])
def test_what_is_of_an_earlier_version_on_purpose_is_told(house: House, version: str, told: list[str]) -> None:
    work = house.root.parent / "work"
    one = Refresh(Workspace("tiny", house.root, work / "tree"), Wish("1.1"), work, None, "0")
    one.space.begin()
    (one.space.corpus / "memory.discovered.json").write_text(json.dumps({"engine_version": version}))
    assert [said.partition(":")[0] for said in steps._older(one)] == told


def test_one_refresh_at_a_time_uses_a_folder(house: House) -> None:
    work = house.root.parent / "work" / "tiny-1.1"
    work.mkdir(parents=True)
    with (work / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = house.run("refresh", "tiny", "--to", "1.1", "--work", str(work.parent), release=None, status=2)
    assert "is in use by another refresh — wait for it, or give another --work" in done.stderr


def test_a_journal_that_was_cut_short_begins_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    refresh(house)
    path = house.root.parent / "work/journal.json"
    path.write_text(path.read_text()[:40])
    refresh(house)
    assert set(machine.ran.values()) == {2}


def test_a_step_that_fails_is_told_in_one_sentence_with_what_was_said_last(house: House) -> None:
    unfinished = house.root.parent / "unfinished"
    unfinished.mkdir()
    place = Refresh(
        Workspace("tiny", house.root, unfinished / "tree"), Wish("1.1", python=Path("/bin/sh")), unfinished, None, "0"
    )
    with pytest.raises(MinerError, match=r"build tiny ended with \d+ — read .*/unfinished/log, fix it .* it ends: "):
        place.place.mine(house.root, "build", "tiny")
