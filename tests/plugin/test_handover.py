"""What a controller leaves for its workers, and what becomes of it when the controller is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.plugin.handover import Handover, sweep, taken_over
from tests.plugin.house import House

OWNER = """
import sys
from pytest_llem_invariants.plugin.handover import Handover
handover = Handover()
print(handover.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of our own, here and in other processes."""
    found = tmp_path / "room"
    found.mkdir()
    monkeypatch.setenv("TMPDIR", str(found))
    monkeypatch.setattr(tempfile, "tempdir", str(found))
    return found


def left_in(room: Path) -> list[str]:
    return sorted(path.name for path in room.iterdir() if path.name.startswith("llem-"))


@contextmanager
def another_run() -> Iterator[Path]:
    """The folder of another process, which is killed in the end."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield Path(process.stdout.readline().decode().strip())
        finally:
            process.kill()


def test_a_corpus_is_handed_over_as_it_was_read(house: House) -> None:
    corpus = load_proposed(house.corpus)
    handover = Handover()
    handover.leave(corpus, "a" * 64)
    assert handover.folder.stat().st_mode & 0o777 == 0o700
    assert taken_over(handover.folder, "a" * 64) == corpus
    assert taken_over(handover.folder, "b" * 64) is None
    handover.close()
    assert not handover.folder.exists()
    assert taken_over(handover.folder, "a" * 64) is None


def test_a_handover_goes_with_its_run(house: House, room: Path) -> None:
    assert house.run("-n", "2").ret == 0
    assert left_in(room) == []


def test_a_killed_runs_handover_goes_with_the_next_run(house: House, room: Path) -> None:
    house.pytester.makeconftest(
        """
        import os, signal
        def pytest_runtest_logreport(report):
            if os.environ.get("KILLED") and hasattr(report, "node"): os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KILLED", "1")
        house.run("-n", "2")
    assert len(left_in(room)) == 1
    assert house.run("-n", "2").ret == 0
    assert left_in(room) == []


def test_of_several_runs_at_once_only_the_killed_ones_are_swept(room: Path) -> None:
    ours = Handover()
    with another_run() as lives:
        with another_run() as killed:
            assert left_in(room) == sorted(path.name for path in (ours.folder, lives, killed))
        assert killed.exists()
        Handover().close()
        assert left_in(room) == sorted(path.name for path in (ours.folder, lives))
    ours.close()
    sweep(room)
    assert left_in(room) == []


def test_nothing_of_others_is_swept(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with another_run() as killed:
        pass
    (room / "llem-invariants-checkout").mkdir()
    (room / "llem-invariants-notes").write_text("a file")
    elsewhere = room / "elsewhere"
    killed.rename(elsewhere)
    killed.symlink_to(elsewhere)
    sweep(room)
    assert (elsewhere / "handover.lock").exists()
    killed.unlink()
    elsewhere.rename(killed)
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: -1)
        sweep(room)
    assert killed.exists()
    sweep(room)
    assert left_in(room) == ["llem-invariants-checkout", "llem-invariants-notes"]
