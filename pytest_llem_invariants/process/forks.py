"""Run code in a forked child: if it hangs, crashes or exhausts its resources, this process is unaffected."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import fcntl
import os
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from typing import Final, NoReturn

PATIENCE: Final = 120.0
"""The time for a child that imports a large part of a library."""
_CHUNK: Final = 1 << 16
MOST: Final = 1 << 26
"""The most bytes that a child may return."""
_FAR: Final = 50_021
"""A descriptor number that no config uses as a port, a size or a path."""
_ENDS_WITH_ITS_PARENT: Final = 1
_NO_MEMORY: Final = 71
_BROKEN: Final = 70


def in_child(work: Callable[[], bytes], timeout: float, spare: int) -> tuple[bytes, str | None]:
    """The bytes that the function returns in a forked child, or why there are none.

    `spare` is the address space that the child may take beyond what it inherits.
    """
    reader, writer = os.pipe()
    child = fork()
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
            end(child)
    if status is None:
        return b"", trouble or _late(timeout)
    return data, _why_nothing(data, status)


def _run_and_leave(work: Callable[[], bytes], writer: int, spare: int) -> NoReturn:
    """The child's part. Whatever happens, no other code of the parent runs here."""
    status = _BROKEN
    try:
        os.setpgid(0, 0)
        writer = alone(writer)
        limit_memory(spare)
        data = work()
        while data:
            data = data[os.write(writer, data) :]
        status = 0
    except MemoryError:
        status = _NO_MEMORY
    finally:
        os._exit(status)


def fork() -> int:
    """`os.fork`, also in a process with threads: newer Python versions warn, but it is intended here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def alone(keep: int | None = None) -> int:
    """In a child: point the standard streams to the null device, and close all other descriptors of the parent.

    Foreign code may open a number as a path, and `open(5)` reads from descriptor 5. So the one descriptor to keep gets
    a very large number, which is returned.
    """
    faulthandler.disable()  # it writes to a descriptor that it stored
    nowhere = os.open(os.devnull, os.O_RDWR)
    kept = -1 if keep is None else _far_away(keep)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - what stands there may be a test's
    most = max(os.sysconf("SC_OPEN_MAX"), kept + 1)
    os.closerange(3, max(kept, 3) if kept >= 0 else most)
    if kept >= 0:
        os.closerange(max(kept, 2) + 1, most)
    return kept


def _far_away(descriptor: int) -> int:
    """A copy of the descriptor, with a number above the process's limit, which is raised for a moment."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    number = _FAR if hard == resource.RLIM_INFINITY else min(_FAR, hard - 1)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number + 1) if soft >= 0 else soft, hard))
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD, number)
    except (OSError, ValueError):
        return descriptor
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def no_input() -> None:
    """Imported code must not wait for input: reading the standard input returns nothing, at once."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)


def end_with_parent() -> None:
    """In a child: let the system end it as soon as the parent ends, however that happens."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_ENDS_WITH_ITS_PARENT, signal.SIGKILL)


def limit_memory(spare: int) -> None:
    """Let an endless allocation fail in this process, before the system kills one."""
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as statm:
            pages = int(statm.read().split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + spare, hard))


def _late(timeout: float) -> str:
    return f"timeout after {timeout:g} s"


def _read(reader: int, timeout: float) -> tuple[bytes, str | None]:
    """All that the child writes until it closes the pipe, and why waiting ended."""
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
    """The child's status; None if it closed the pipe and still runs."""
    ends = time.monotonic() + timeout
    while time.monotonic() < ends:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.001)
    return None


def end(child: int) -> None:
    """Kill the child and all processes that it started."""
    for kill, target in ((os.killpg, child), (os.kill, child)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(target, signal.SIGKILL)
    os.waitpid(child, 0)


def _why_nothing(data: bytes, status: int) -> str | None:
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _NO_MEMORY:
        return "exhausted: MemoryError"
    return None if status == 0 and data else how_it_ended(status)


def how_it_ended(status: int) -> str:
    """Why a child ended before it was done."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"crashed: signal {number} ({signal.Signals(number).name})"
    return f"crashed: the process left with status {os.WEXITSTATUS(status)}"
