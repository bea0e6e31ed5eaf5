"""A rule's examples in a forked child: what hangs, crashes or exhausts the child costs one rule and no more."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
import resource
import select
import signal
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from pytest_llem_invariants.model import EMPTY, Observation
from pytest_llem_invariants.replay.observe import Observer

SPARE_MEMORY: Final = 4 * 1024**3
"""How much address space a child may take beyond what it was born with."""
PATIENCE: Final = 120.0
"""How long the first build of a type may take: it may import a good part of the library."""
_CHUNK: Final = 1 << 16
_NO_MEMORY: Final = 71
_BROKEN: Final = 70


def isolated(observe: Callable[[], tuple[Observation, ...]], count: int, timeout: float) -> tuple[Observation, ...]:
    """What `observe` gives in a child of its own; `count` observations with the reason where it gives nothing."""
    data, reason = _in_child(lambda: pickle.dumps(observe()), timeout)
    if reason is not None:
        return (Observation(skipped_reason=reason),) * count
    found: tuple[Observation, ...] = pickle.loads(data)
    return found


def prepare(observer: Observer, native_type: str, context: Mapping[str, Any] = EMPTY) -> None:
    """Prepare a type in this process, so that every child inherits it; not where that would end the process."""
    if observer.is_prepared(native_type, context):
        return

    def rehearsal() -> bytes:
        observer.prepare(native_type, context)
        return b"."

    _, reason = _in_child(rehearsal, PATIENCE)
    if reason is None:
        observer.prepare(native_type, context)
    else:
        observer.take_as_prepared(native_type, context)


def exhaustion(observation: Observation) -> Observation:
    """An observation that only says that the example ran out of stack or memory is no verdict."""
    raised = observation.exception
    if raised is not None and raised.type in ("RecursionError", "MemoryError"):
        return Observation(skipped_reason=f"exhausted: {raised.type}")
    return observation


def _in_child(work: Callable[[], bytes], timeout: float) -> tuple[bytes, str | None]:
    """The bytes that the work gives in a forked child, and why there are none."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of forking beside threads, which is meant here
        child = os.fork()
    if child == 0:
        os.close(reader)
        _run_and_leave(work, writer)
    os.close(writer)
    status: int | None = None
    try:
        data, timed_out = _read(reader, timeout)
        if not timed_out:
            status = _wait(child, timeout)
    finally:
        os.close(reader)
        if status is None:
            _end(child)
    if status is None:
        return b"", f"timeout after {timeout:g} s"
    return data, _why_nothing(data, status)


def _run_and_leave(work: Callable[[], bytes], writer: int) -> NoReturn:
    """In the child. Whatever happens, no other code of the parent's runs here."""
    status = _BROKEN
    try:
        faulthandler.disable()
        os.setpgid(0, 0)
        limit_memory(SPARE_MEMORY)
        data = work()
        while data:
            data = data[os.write(writer, data) :]
        status = 0
    except MemoryError:
        status = _NO_MEMORY
    finally:
        os._exit(status)


def limit_memory(spare: int) -> None:
    """Let an allocation without end fail in this process, before the machine looks for a victim."""
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as statm:
            pages = int(statm.read().split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + spare, hard))


def _read(reader: int, timeout: float) -> tuple[bytes, bool]:
    """All that the child writes until it closes the pipe, and whether its time ran out first."""
    ends = time.monotonic() + timeout
    chunks: list[bytes] = []
    while True:
        left = ends - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            return b"", True
        chunk = os.read(reader, _CHUNK)
        if not chunk:
            return b"".join(chunks), False
        chunks.append(chunk)


def _wait(child: int, timeout: float) -> int | None:
    """The child's status; None where it closed the pipe and lives on."""
    ends = time.monotonic() + timeout
    while time.monotonic() < ends:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.001)
    return None


def _end(child: int) -> None:
    """Kill the child with whatever it started."""
    for kill, target in ((os.killpg, child), (os.kill, child)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(target, signal.SIGKILL)
    os.waitpid(child, 0)


def _why_nothing(data: bytes, status: int) -> str | None:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"crashed: signal {number} ({signal.Signals(number).name})"
    left_with = os.WEXITSTATUS(status)
    if left_with == _NO_MEMORY:
        return "exhausted: MemoryError"
    if left_with != 0 or not data:
        return f"crashed: the process left with status {left_with}"
    return None
