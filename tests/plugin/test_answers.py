"""Single answers of earlier runs: each is used only where nothing changed that can change it, and never looks fresh."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_llem_invariants.corpus.files import load_validated
from pytest_llem_invariants.model import Check, ContextField, Observation
from pytest_llem_invariants.plugin.answers import KIND, Answers, Drawers, Keeper
from pytest_llem_invariants.plugin.evidence import CheckResult, Evidence
from pytest_llem_invariants.runs.store import Drawer, Store
from pytest_llem_invariants.runs.surroundings import Reads
from pytest_llem_invariants.runs.touched import Touched
from tests.plugin.house import GOOD, NEGATIVE, TALL, WRONG, House, acting, rule

MARKING = """
open(os.environ["FAKELIB_IMPORTED"], "a").close()
Config.do_wait = lambda self: threading.Event().wait(2.2)
"""
WAITING = rule(
    "waits",
    {"size": {"<": 0}, "act": {"==": "wait"}},
    {"size": -1, "act": "wait"},
    {"size": 0},
    "size must not be negative, got {size}",
)
REWORDED = tuple(replace(one, walker_notes="Told in other words.") for one in GOOD)


@pytest.fixture
def marked(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose library leaves a mark when it is imported."""
    library = house.path / "site" / "fakelib.py"
    library.write_text(library.read_text() + MARKING)
    monkeypatch.setenv("FAKELIB_IMPORTED", str(house.path / "marks"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(house.path / "cache"))
    (house.path / "cache").mkdir()
    time.sleep(0.1)  # what changes just before a run may have been read before it changed
    return house


def replayed(house: House, *arguments: str) -> tuple[int, int, bool]:
    """The exit status, how many rules earlier runs answered, and whether the engine was imported."""
    (house.path / "marks").unlink(missing_ok=True)
    result = house.run("--llem-reuse", *arguments)
    told = [line for line in result.outlines if "rules were answered by earlier runs" in line]
    return int(result.ret), int(told[0].split()[0]) if told else 0, (house.path / "marks").exists()


def certified(house: House) -> dict[str, str]:
    return {case.id: str(case.certification) for case in load_validated(house.validated).cases}


def state(house: House) -> Path:
    return house.path / "cache" / "pytest-llem-invariants" / "state.sqlite"


@pytest.mark.parametrize("how", [("-p", "no:xdist"), ("-n", "2", "--llem-soundness")], ids=["alone", "-n 2"])
def test_only_what_is_new_is_asked_and_what_is_reused_says_so(marked: House, how: tuple[str, ...]) -> None:
    marked.hold(GOOD[:3])
    assert replayed(marked, *how) == (0, 0, True)
    marked.hold(GOOD)
    assert replayed(marked, *how) == (0, 3, True)
    held = certified(marked)
    assert [name for name, how in held.items() if how == "reused"] == [one.id for one in GOOD[:3]]
    marked.hold(GOOD[:2])
    assert replayed(marked, *how[:2])[1:] == (2, False), "a run that has everything imports no engine"


def test_who_has_every_answer_gets_the_same_file_without_an_engine(marked: House) -> None:
    assert replayed(marked) == (0, 0, True)
    marked.hold(REWORDED)
    assert replayed(marked) == (0, 6, False)
    reused = load_validated(marked.validated)
    marked.validated.unlink()
    assert marked.run().ret == 0
    fresh = load_validated(marked.validated)
    assert [replace(case, certification="full") for case in reused.cases] == list(fresh.cases)  # type: ignore[arg-type]
    assert (str(reused.certification), str(fresh.certification)) == ("reused", "full")


COLLECTING = """
import os, sys
def pytest_collection_modifyitems(config):
    if hasattr(config, "workerinput"):
        open(os.environ["FAKELIB_SEEN"], "a").write(f"{'fakelib' in sys.modules} ")
"""


def test_workers_that_have_no_answer_import_the_engine_while_the_corpus_is_read(
    marked: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = marked.path / "cache" / "seen"
    monkeypatch.setenv("FAKELIB_SEEN", str(seen))
    marked.pytester.makeconftest(COLLECTING)
    time.sleep(0.1)
    for rules, expected in ((GOOD, ["True"] * 2), (REWORDED, ["False"] * 2)):
        marked.hold(rules)
        assert replayed(marked, "-n", "2")[0] == 0
        assert seen.read_text().split() == expected
        seen.unlink()


def test_a_contradiction_that_is_reused_is_one(marked: House) -> None:
    marked.hold((NEGATIVE, WRONG))
    assert replayed(marked) == (1, 0, True)
    assert replayed(marked) == (1, 2, False)
    assert certified(marked) == {NEGATIVE.id: "reused", WRONG.id: "partial"}


def test_another_example_world_or_class_is_another_answer(marked: House) -> None:
    assert replayed(marked) == (0, 0, True)
    marked.hold((NEGATIVE, replace(TALL, kwargs_positive={"size": 301, "top": 3})))
    assert replayed(marked) == (0, 1, True)


def test_the_same_negative_example_in_another_world_is_another_answer(tmp_path: Path) -> None:
    context = {"device.count": ContextField(1, (1, 2))}
    volume: Any = SimpleNamespace(ssot=SimpleNamespace(context=context), engine="fake")
    drawers = Drawers(Store(tmp_path / "state"), Drawer(KIND, "fake", ""), Touched("fakelib", "", ()))
    answers = Answers(volume, drawers, Reads(), may_answer=True)
    elsewhere = replace(NEGATIVE, world_negative={"device.count": 2})
    seen = Evidence("c", NEGATIVE.id, Check.POSITIVE_RAISES, CheckResult.CONFIRMED, "1.0", negative=Observation())
    here, there = (set(answers.entries(seen, one, {"device.count": 1})) for one in (NEGATIVE, elsewhere))
    assert len(here) == len(there) == 1
    assert here != there


def test_a_damaged_store_costs_a_replay(marked: House) -> None:
    assert replayed(marked) == (0, 0, True)
    state(marked).write_bytes(b"no database " * 1000)
    marked.hold(REWORDED)
    result = marked.run("--llem-reuse")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*state.sqlite is of no use*begun anew*"])
    marked.hold(GOOD)
    assert replayed(marked) == (0, 6, False)


def test_what_changed_while_a_run_was_under_way_leaves_no_answer(marked: House) -> None:
    library = marked.path / "site" / "fakelib.py"
    library.write_text(library.read_text() + "os.utime(__file__)\n")
    time.sleep(0.1)
    result = marked.run("--llem-reuse")
    result.stdout.fnmatch_lines(["no answer is kept: *fakelib.py changed while it ran"])
    marked.hold(REWORDED)
    assert replayed(marked) == (0, 0, True)


def test_what_changes_while_it_is_told_leaves_no_answer(tmp_path: Path) -> None:
    read = tmp_path / "read"
    read.write_text("1")
    time.sleep(0.1)

    def told(path: str) -> str:
        read.write_text("2")
        return "what is in it now, not what was read"

    touched: Any = SimpleNamespace(told=told)
    volume: Any = SimpleNamespace(ssot=SimpleNamespace(context={}), corpus=SimpleNamespace(rules=(NEGATIVE,)))
    drawers = Drawers(Store(tmp_path / "state"), Drawer(KIND, "fake", ""), touched)
    keeper = Keeper(Answers(volume, drawers, Reads(), may_answer=True), drawers, volume, lambda path: False)
    keeper._began = time.time_ns() - 50_000_000
    seen = Evidence("c", NEGATIVE.id, Check.POSITIVE_RAISES, CheckResult.CONFIRMED, "1.0", positive=Observation())
    keeper.note(replace(seen, files=(str(read),)))
    keeper.flush()
    assert (keeper.changed, drawers.store.read(drawers.drawer)) == (str(read), {})


def test_two_runs_at_once_keep_what_each_was_told(marked: House) -> None:
    command = [sys.executable, "-mpytest", "--llem-engine=fake", "--llem-reuse"]
    outs = [marked.path / "cache" / name for name in ("one", "two")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    runs = [marked.pytester.popen([*command, f"--llem-out={out}"], **quiet) for out in outs]
    assert [run.wait(60) for run in runs] == [0, 0]
    marked.hold(REWORDED)
    assert replayed(marked) == (0, 6, False)


def test_a_replay_that_is_killed_goes_on_where_it_was(marked: House) -> None:
    marked.hold((*GOOD, WAITING, acting("kill")))
    assert marked.run("--llem-reuse", "-p", "no:xdist").ret < 0
    marked.hold((*GOOD, WAITING))
    assert replayed(marked) == (0, 7, False)
