from __future__ import annotations

import contextlib
import os
import pickle
import threading
import time
from pathlib import Path

import pytest

from pytest_llem_invariants.model import Observation
from pytest_llem_invariants.process import forks
from pytest_llem_invariants.replay import isolate
from pytest_llem_invariants.replay.isolate import exhaustion, isolated, prepare
from pytest_llem_invariants.replay.observe import Observer

CONFIG = "fakelib.Config"


def in_child(observer: Observer, kwargs: dict[str, object], timeout: float = 20.0) -> Observation:
    (found,) = isolated(lambda: (observer.observe(CONFIG, kwargs),), 1, timeout)
    return exhaustion(found)


@pytest.mark.parametrize(
    ("kwargs", "timeout", "reason"),
    [
        ({"hang": 1}, 0.3, "timeout after 0.3 s"),
        ({"segfault": 1}, 20, "crashed: signal 11 (SIGSEGV)"),
        ({"exit": 7}, 20, "crashed: the process left with status 7"),
        ({"exit": 0}, 20, "crashed: the process left with status 0"),
        ({"memory": 1}, 20, "exhausted: MemoryError"),
        ({"recurse": 1}, 20, "exhausted: RecursionError"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_what_ends_a_child_is_a_reason_and_the_run_goes_on(
    observer: Observer, kwargs: dict[str, object], timeout: float, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolate, "SPARE_MEMORY", 512 * 1024**2)
    assert in_child(observer, kwargs, timeout).skipped_reason == reason
    assert in_child(observer, {"ratio": 0.75}) == observer.observe(CONFIG, {"ratio": 0.75})


@pytest.mark.parametrize("kwargs", [{"count": -1}, {"ratio": 0.1}, {"odd": True}, {"warn": "x"}, {"once": "y"}])
def test_a_child_sees_what_this_process_sees(observer: Observer, kwargs: dict[str, object]) -> None:
    assert in_child(observer, kwargs) == observer.observe(CONFIG, kwargs)


def test_a_message_larger_than_a_pipe_comes_through(observer: Observer) -> None:
    found = isolated(lambda: (Observation(warnings=("x" * 3_000_000,)),), 1, 20)
    assert len(found[0].warnings[0]) == 3_000_000


def test_a_child_works_beside_threads(observer: Observer) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert in_child(observer, {"count": -1}).exception is not None
    finally:
        stop.set()
        thread.join()


def test_every_observation_of_a_lost_child_says_why() -> None:
    found = isolated(lambda: os._exit(3), 2, 20)  # type: ignore[arg-type, return-value]
    assert [one.skipped_reason for one in found] == ["crashed: the process left with status 3"] * 2


def test_a_child_that_closes_its_pipe_and_lives_on_is_ended() -> None:
    def lingers() -> tuple[Observation, ...]:
        os.closerange(3, 256)
        time.sleep(60)
        return ()

    began = time.monotonic()
    assert isolated(lingers, 1, 0.3)[0].skipped_reason == "timeout after 0.3 s"
    assert time.monotonic() - began < 20


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def starts_another() -> tuple[Observation, ...]:
        grandchild = os.fork()
        if grandchild == 0:
            time.sleep(60)
            os._exit(0)
        note.write_text(str(grandchild))
        time.sleep(60)
        return ()

    isolated(starts_another, 1, 2)
    pid = int(note.read_text())
    for _ in range(200):
        if not _runs(pid):
            break
        time.sleep(0.01)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_type_is_prepared_here_where_a_child_survives_it(observer: Observer) -> None:
    fresh = Observer(observer.adapter)
    prepare(fresh, CONFIG)
    assert fresh.is_prepared(CONFIG)


def test_a_type_whose_bare_build_ends_the_process_is_never_built_here(
    observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Observer(observer.adapter)
    here = os.getpid()

    def deadly(name: str) -> None:
        assert os.getpid() != here
        os._exit(9)

    monkeypatch.setattr(observer.adapter, "warm", deadly)
    prepare(fresh, CONFIG)
    assert fresh.is_prepared(CONFIG)


class _Payload:
    def __init__(self, note: Path) -> None:
        self.note = note

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.note,)


def _pipes() -> dict[str, int]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found[os.readlink(f"/proc/self/fd/{name}")] = int(name)
    return {link: number for link, number in found.items() if link.startswith("pipe:")}


def _write_to_what_is_new(known: dict[str, int], data: bytes) -> None:
    """What a constructor may do that looks for the pipe of its own process."""
    for link, number in _pipes().items():
        if link not in known:
            os.write(number, data)


@pytest.mark.parametrize("ends", [True, False], ids=["and leaves", "and goes on"])
def test_what_a_constructor_writes_to_the_pipe_is_never_executed(tmp_path: Path, ends: bool) -> None:
    note = tmp_path / "executed"
    known = _pipes()

    def hostile() -> tuple[Observation, ...]:
        _write_to_what_is_new(known, pickle.dumps((_Payload(note),)))
        if ends:
            os._exit(0)
        return (Observation(),)

    (found,) = isolated(hostile, 1, 20)
    assert found.skipped_reason == "crashed: what the process left behind is no observation"
    assert not note.exists()


def test_a_child_that_writes_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "MOST", 1 << 20)

    known = _pipes()

    def floods() -> tuple[Observation, ...]:
        while True:
            _write_to_what_is_new(known, b"[" * (1 << 16))

    (found,) = isolated(floods, 1, 20)
    assert found.skipped_reason == "exhausted: the process handed over more than 1,048,576 bytes"
