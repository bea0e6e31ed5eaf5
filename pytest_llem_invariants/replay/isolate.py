"""A rule's examples in a forked child: what hangs, crashes or exhausts the child costs one rule and no more."""

from __future__ import annotations

import os
import pickle
import resource
import select
import signal
import time
from collections.abc import Callable
from typing import Any, Final

from pytest_llem_invariants.model import Observation

SPARE_MEMORY: Final = 4 * 1024**3
"""How much address space a child may take beyond what it was born with."""
_CHUNK: Final = 1 << 16


def isolated(observe: Callable[[], tuple[Observation, ...]], count: int, timeout: float) -> tuple[Observation, ...]:
    """What `observe` gives in a child of its own; `count` observations with the reason where it gives nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run_and_leave(observe, writer)
    os.close(writer)
    try:
        data, timed_out = _read(reader, timeout)
    finally:
        os.close(reader)
    if timed_out:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    reason = _why_nothing(data, timed_out, status, timeout)
    if reason is not None:
        return (Observation(skipped_reason=reason),) * count
    found: tuple[Observation, ...] = pickle.loads(data)
    return found


def _run_and_leave(observe: Callable[[], tuple[Observation, ...]], writer: int) -> None:
    """In the child. Never returns: whatever happens, no other code of the parent's runs here."""
    status = 1
    try:
        _limit_memory()
        os.setpgid(0, 0)
        data = pickle.dumps(observe())
        while data:
            data = data[os.write(writer, data) :]
        status = 0
    except BaseException:
        status = 1
    finally:
        os._exit(status)


def _limit_memory() -> None:
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[0])
    limit = pages * resource.getpagesize() + SPARE_MEMORY
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _read(reader: int, timeout: float) -> tuple[bytes, bool]:
    """All that the child writes until it closes the pipe, and whether its time ran out first."""
    ends = time.monotonic() + timeout
    chunks: list[bytes] = []
    while True:
        left = ends - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            return b"".join(chunks), True
        chunk = os.read(reader, _CHUNK)
        if not chunk:
            return b"".join(chunks), False
        chunks.append(chunk)


def _why_nothing(data: bytes, timed_out: bool, status: int, timeout: float) -> str | None:
    if timed_out:
        return f"timeout after {timeout:g} s"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"crashed: signal {number} ({signal.Signals(number).name})"
    if os.WEXITSTATUS(status) != 0 or not data:
        return f"crashed: the process left with status {os.WEXITSTATUS(status)}"
    return None


def exhaustion(observation: Observation) -> Observation:
    """An observation that only says that the example ran out of stack or memory is no verdict."""
    raised: Any = observation.exception
    if raised is not None and raised.type in ("RecursionError", "MemoryError"):
        return Observation(skipped_reason=f"exhausted: {raised.type}")
    return observation
