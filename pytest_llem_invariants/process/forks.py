"""Work in a forked child: what hangs, crashes or exhausts the child leaves this process as it was."""

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
"""How long a child may take that imports a good part of a library."""
_CHUNK: Final = 1 << 16
MOST: Final = 1 << 26
"""How many bytes a child may hand over."""
_FAR: Final = 50_021
"""A descriptor's number that no config has for a port, a size or a path."""
_ENDS_WITH_ITS_PARENT: Final = 1
_NO_MEMORY: Final = 71
_BROKEN: Final = 70


def in_child(work: Callable[[], bytes], timeout: float, spare: int) -> tuple[bytes, str | None]:
    """The bytes that the work gives in a forked child, and why there are none.

    `spare` is how much address space the child may take beyond what it was born with.
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
    """In the child. Whatever happens, no other code of the parent's runs here."""
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
    """`os.fork`, also beside threads, of which newer Pythons warn and which is meant here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def alone(keep: int | None = None) -> int:
    """In a child: the standard streams lead nowhere, and what else the parent had open is closed.

    Foreign code may be given a number for a path, and `open(5)` reads from whatever 5 is. So the one descriptor to
    keep gets a number far away, which is given back.
    """
    faulthandler.disable()  # it writes to a descriptor that it remembers
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
    """A copy of the descriptor, at a number which for a moment needs a higher limit than the process has."""
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
    """Nobody types for what is imported into this process: to read the standard input gives nothing, at once."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)


def end_with_parent() -> None:
    """In a child: be ended by the system as soon as the parent ends, however that happens."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_ENDS_WITH_ITS_PARENT, signal.SIGKILL)


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


def end(child: int) -> None:
    """Kill the child with whatever it started."""
    for kill, target in ((os.killpg, child), (os.kill, child)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(target, signal.SIGKILL)
    os.waitpid(child, 0)


def _why_nothing(data: bytes, status: int) -> str | None:
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _NO_MEMORY:
        return "exhausted: MemoryError"
    return None if status == 0 and data else how_it_ended(status)


def how_it_ended(status: int) -> str:
    """What ended a child that had not done its work."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"crashed: signal {number} ({signal.Signals(number).name})"
    return f"crashed: the process left with status {os.WEXITSTATUS(status)}"
