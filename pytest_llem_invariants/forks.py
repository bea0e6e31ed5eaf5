"""Work in a forked child: what hangs, crashes or exhausts the child leaves this process as it was."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import select
import signal
import time
import warnings
from collections.abc import Callable
from typing import Final, NoReturn

PATIENCE: Final = 120.0
"""How long a child may take that imports a good part of a library."""
_CHUNK: Final = 1 << 16
MOST: Final = 1 << 26
"""How many bytes a child may hand over."""
_NO_MEMORY: Final = 71
_BROKEN: Final = 70


def in_child(work: Callable[[], bytes], timeout: float, spare: int) -> tuple[bytes, str | None]:
    """The bytes that the work gives in a forked child, and why there are none.

    `spare` is how much address space the child may take beyond what it was born with.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of forking beside threads, which is meant here
        child = os.fork()
    if child == 0:
        os.close(reader)
        _run_and_leave(work, writer, spare)
    os.close(writer)
    status: int | None = None
    try:
        data, trouble = _read(reader, timeout)
        if trouble is None:
            status = _wait(child, timeout)
    finally:
        os.close(reader)
        if status is None:
            _end(child)
    if status is None:
        return b"", trouble or _late(timeout)
    return data, _why_nothing(data, status)


def _run_and_leave(work: Callable[[], bytes], writer: int, spare: int) -> NoReturn:
    """In the child. Whatever happens, no other code of the parent's runs here."""
    status = _BROKEN
    try:
        faulthandler.disable()
        os.setpgid(0, 0)
        limit_memory(spare)
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


def _late(timeout: float) -> str:
    return f"timeout after {timeout:g} s"


def _read(reader: int, timeout: float) -> tuple[bytes, str | None]:
    """All that the child writes until it closes the pipe, and why it is not waited for any longer."""
    ends = time.monotonic() + timeout
    data = bytearray()
    while len(data) <= MOST:
        left = ends - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            return b"", _late(timeout)
        chunk = os.read(reader, _CHUNK)
        if not chunk:
            return bytes(data), None
        data += chunk
    return b"", f"exhausted: the process handed over more than {MOST:,} bytes"


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
