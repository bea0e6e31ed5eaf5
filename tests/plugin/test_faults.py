"""What may happen to a run, and what it must not do: damage what was there, lie about its end, or stand still."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_llem_invariants.corpus.files import load_validated
from pytest_llem_invariants.plugin.journal import Journal
from tests.plugin.house import GOOD, NEGATIVE, House, acting

CROWD = 200


def listen_to_ctrl_c() -> None:
    """A job in the background is born deaf to it, and so are its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(
    house: House, *arguments: str, before: Callable[[], None] | None = listen_to_ctrl_c
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "--llem-engine=fake", *arguments],
        cwd=house.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=before,
        start_new_session=True,
    )


def wait_for_lines(journal: Path, count: int) -> None:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if journal.exists() and journal.read_bytes().count(b"\n") > count:
            return
        time.sleep(0.02)
    raise AssertionError("the journal did not grow")


def slow_corpus(house: House) -> None:
    """Rules that take a while, so that a run can be met in its middle."""
    library = house.path / "site" / "fakelib.py"
    slow = "threading.Event().wait(0.05); self.size, self.top"
    library.write_text(library.read_text().replace("self.size, self.top", slow, 1))
    from dataclasses import replace

    house.hold([replace(NEGATIVE, id=f"negative_{number}") for number in range(CROWD)])


@pytest.mark.parametrize("sharing", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_a_killed_controller_leaves_the_old_files_whole_and_the_journal_readable(
    house: House, sharing: tuple[str, ...]
) -> None:
    house.validated.write_text("what was there")
    slow_corpus(house)
    process = start(house, *sharing)
    wait_for_lines(house.journal, 5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert house.validated.read_text() == "what was there"
    *whole, _ = house.journal.read_bytes().split(b"\n")
    assert len([json.loads(line) for line in whole]) > 5


@pytest.mark.parametrize("sharing", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_ctrl_c_keeps_what_was_confirmed_and_ends_with_2(house: House, sharing: tuple[str, ...]) -> None:
    slow_corpus(house)
    process = start(house, *sharing)
    wait_for_lines(house.journal, 9)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 2
    cases = load_validated(house.validated).cases
    assert 0 < len(cases) < CROWD
    assert all(case.confirmed for case in cases)


@pytest.mark.parametrize("sharing", [(), ("-n", "2")], ids=["alone", "-n 2"])
@pytest.mark.parametrize(("times", "status"), [(1, 2), (2, -signal.SIGINT)], ids=["once", "twice"])
def test_ctrl_c_at_the_end_waits_for_the_files_unless_it_is_pressed_again(
    house: House, sharing: tuple[str, ...], times: int, status: int
) -> None:
    (house.path / "conftest.py").write_text(
        f"""
        import os, signal

        def pytest_sessionfinish(session):
            if not hasattr(session.config, "workerinput"):
                for _ in range({times}):
                    os.kill(os.getpid(), signal.SIGINT)
        """.replace("\n        ", "\n")
    )
    process = start(house, *sharing)
    assert process.wait(60) == status
    assert {case.id for case in load_validated(house.validated).cases} == {rule.id for rule in GOOD}


@pytest.mark.parametrize("what", ["segfault", "kill"])
def test_a_killed_worker_costs_the_rule_it_was_at(house: House, what: str) -> None:
    house.hold((acting(what), *GOOD))
    result = house.run("-n", "2")
    assert result.ret == 1
    cases = {case.id: case for case in load_validated(house.validated).cases}
    assert cases[f"acts_{what}"].skipped_reason == "crashed: the worker process died"
    assert sum(case.confirmed for case in cases.values()) == len(GOOD)


def test_an_output_that_cannot_be_a_folder_is_exit_2_before_anything_runs(house: House) -> None:
    (house.path / "taken").write_text("a file")
    result = house.run("--llem-out=taken/inside")
    assert result.ret == 2
    assert "--llem-out" in result.stderr.str() + result.stdout.str()
    assert (house.path / "taken").read_text() == "a file"


def as_the_owner() -> None:
    """Even the superuser keeps to the mode of its own folders without CAP_DAC_OVERRIDE; for others nothing changes."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.parametrize("has_journal", [False, True], ids=["nothing there", "the journal's folder is writable"])
def test_a_folder_that_is_read_only_is_exit_2_and_stays_as_it_was(house: House, has_journal: bool) -> None:
    house.validated.write_text("what was there")
    folder = house.validated.parent
    if has_journal:
        house.journal.parent.mkdir()
    folder.chmod(0o555)
    try:
        process = start(house, "-p", "no:cacheprovider", before=as_the_owner)
        assert process.wait(60) == 2
        assert sorted(path.name for path in folder.rglob("*.yaml")) == [house.corpus.name, house.validated.name]
        assert house.validated.read_text() == "what was there"
    finally:
        folder.chmod(0o755)


def test_a_full_disk_keeps_the_old_file_and_ends_with_2(house: House) -> None:
    house.run()
    before = house.validated.read_bytes()
    house.hold(reversed(GOOD))

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    process = start(house, "-p", "no:cacheprovider", before=small_files)
    assert process.wait(60) == 2
    assert house.validated.read_bytes() == before
    assert [path.name for path in house.validated.parent.iterdir() if path.suffix == ".tmp"] == []


def test_two_runs_at_once_end_well_and_leave_one_whole_file(house: House) -> None:
    house.run()
    expected = house.validated.read_bytes()
    house.validated.unlink()
    runs = [start(house), start(house)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert house.validated.read_bytes() == expected


def test_a_half_written_validated_file_counts_for_nothing_and_is_told(house: House) -> None:
    house.run()
    whole = house.validated.read_bytes()
    house.validated.write_bytes(whole[: len(whole) // 2])
    result = house.run()
    assert result.ret == 0
    assert "the earlier validated file cannot be read" in result.stdout.str()
    assert house.validated.read_bytes() == whole


def test_a_half_written_corpus_is_exit_2_and_changes_nothing(house: House) -> None:
    house.run()
    before = house.validated.read_bytes()
    house.corpus.write_bytes(house.corpus.read_bytes()[:900])
    assert house.run().ret == 2
    assert house.validated.read_bytes() == before


@pytest.mark.parametrize("what", ["segfault", "hang", "exit", "recurse", "eat"])
def test_isolation_survives_what_an_example_does(house: House, what: str) -> None:
    house.hold((acting(what), *GOOD))
    result = house.run("--llem-isolate", "--llem-timeout=3")
    assert result.ret == 0
    cases = {case.id: case for case in load_validated(house.validated).cases}
    reason = cases[f"acts_{what}"].skipped_reason
    expected = {
        "segfault": "crashed: signal 11",
        "hang": "timeout after 3 s",
        "exit": "crashed: the process left with status 3",
        "recurse": "RecursionError",
        "eat": "Memory",
    }
    assert reason is not None
    assert expected[what] in reason
    assert sum(case.confirmed for case in cases.values()) == len(GOOD)


@pytest.mark.parametrize("what", ["flood", "thread", "sys_exit", "recurse"])
def test_without_isolation_the_run_goes_on(house: House, what: str) -> None:
    house.hold((acting(what), *GOOD))
    house.run()
    cases = {case.id: case for case in load_validated(house.validated).cases}
    assert f"acts_{what}" in cases
    assert sum(case.confirmed for case in cases.values()) >= len(GOOD)


def test_what_one_example_does_to_the_process_does_not_reach_the_next(house: House) -> None:
    house.hold((acting("pollute"), acting("clean"), *GOOD))
    result = house.run()
    assert result.ret == 0
    assert all(case.confirmed for case in load_validated(house.validated).cases)


def test_a_message_of_any_characters_and_size_is_written_readably(house: House, workers: tuple[str, ...]) -> None:
    house.hold([acting("shout"), *GOOD])
    result = house.run(*workers)
    assert result.ret == 1
    assert house.validated.stat().st_size < 100_000
    (case, *_) = load_validated(house.validated).cases
    assert case.observed_exception is not None
    assert case.observed_exception.message.startswith("size must not be negative, got \\x00\\x1b[31m\\ud800zzz")


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_an_engine_whose_import_ends_the_process_ends_the_run_and_damages_nothing(house: House, end: str) -> None:
    library = house.path / "site" / "fakelib.py"
    library.write_text(f"import os, signal\n{end}\n" + library.read_text())
    house.validated.write_text("what was there")
    result = house.run("-n", "2")
    assert result.ret == 2
    assert "imports fake dies" in result.stdout.str()
    assert house.validated.read_text() == "what was there"


@pytest.mark.parametrize("place", ["_journal_fake.jsonl", ".lock"])
@pytest.mark.parametrize("what", ["link", "link to nothing", "pipe"])
def test_what_lies_in_the_place_of_our_own_files_is_exit_2_and_stays_as_it_was(
    house: House, place: str, what: str
) -> None:
    victim = house.path / "victim"
    staging = house.journal.parent
    staging.mkdir()
    if what == "pipe":
        os.mkfifo(staging / place)
    else:
        (staging / place).symlink_to(victim)
    if what == "link":
        victim.write_text("precious")
    result = house.run(timeout=30)
    assert result.ret == 2
    assert f"{place}: a link or special file" in result.stderr.str() + result.stdout.str()
    assert victim.read_text() == "precious" if what == "link" else not victim.exists()


def test_the_journal_of_a_second_run_goes_with_it_or_with_the_next_run(tmp_path: Path) -> None:
    first, second = Journal(tmp_path, "fake"), Journal(tmp_path, "fake")
    folder = first.path.parent
    (folder / "_journal_fake.1.jsonl").write_text("of a process that was killed")
    (folder / "_journal_other.1.jsonl").write_text("of another engine")
    assert first.path.name == "_journal_fake.jsonl"
    second.append("{}")
    third = Journal(tmp_path, "fake")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        {first.path.name, second.path.name, "_journal_other.1.jsonl"}
    )
    for journal in (first, second, third):
        journal.close(is_needed=False)
    assert sorted(path.name for path in folder.iterdir()) == ["_journal_fake.jsonl", "_journal_other.1.jsonl"]
