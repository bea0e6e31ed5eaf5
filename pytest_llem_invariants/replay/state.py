"""Save and restore the state of the process around a call of a library."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from io import TextIOBase
from typing import Any, Final, final

from pytest_llem_invariants.process.environment import environment, restore_environment

_THREAD_GRACE: Final = 0.2


@final
class Nowhere(TextIOBase):
    """A text stream that discards everything, for places where opening a file costs too much."""

    encoding = "utf-8"

    def write(self, text: str, /) -> int:
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@contextlib.contextmanager
def silent_streams() -> Iterator[None]:
    """Redirect standard output and error to the null device, for Python and for compiled code."""
    streams = (sys.stdout, sys.stderr)
    for stream in streams:
        with contextlib.suppress(Exception):
            stream.flush()
    saved = [_duplicate(1), _duplicate(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for fd in (1, 2):
        os.dup2(nowhere, fd)
    sink = open(nowhere, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - closed below
    try:
        sys.stdout = sys.stderr = sink
        yield
    finally:
        sys.stdout, sys.stderr = streams
        with contextlib.suppress(OSError):  # what was given a number for a path may have closed it, as those below
            sink.close()
        for fd, copy in zip((1, 2), saved, strict=True):
            with contextlib.suppress(OSError):
                if copy is None:
                    os.close(fd)
                else:
                    os.dup2(copy, fd)
                    os.close(copy)


def _duplicate(fd: int) -> int | None:
    try:
        return os.dup(fd)
    except OSError:  # a daemon may have closed it
        return None


_sleep: Final = time.sleep


def without_waiting(seconds: Any, /) -> None:
    """Replaces `time.sleep` while a library is asked: nothing that it waits for will happen."""
    if threading.current_thread() is not threading.main_thread():
        _sleep(seconds)


@contextlib.contextmanager
def kept_process() -> Iterator[None]:
    """Restore environment, random numbers, working directory, module path and warnings afterwards. Nothing waits."""
    variables = environment()
    path_list, path = sys.path, list(sys.path)
    folder = _working_directory()
    randomness = _random_states()
    threads = threading.active_count()
    known = set(threading.enumerate()) if threads else set()
    showing, sleep = warnings.showwarning, time.sleep
    time.sleep = without_waiting
    try:
        yield
    finally:
        time.sleep = sleep
        warnings.showwarning = showing
        restore_environment(variables)
        if sys.path is not path_list or sys.path != path:
            path_list[:] = path
            sys.path = path_list
        if folder is not None and _working_directory() != folder:
            os.chdir(folder)
        for restore, state in randomness:
            restore(state)
        if threading.active_count() > threads:
            for thread in set(threading.enumerate()) - known:
                thread.join(_THREAD_GRACE)


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # the folder was removed
        return None


def _random_states() -> list[tuple[Callable[[Any], Any], Any]]:
    """How to restore every loaded random generator; importing another one would only cost time."""
    states: list[tuple[Callable[[Any], Any], Any]] = [(random.setstate, random.getstate())]
    numpy: Any = sys.modules.get("numpy.random")
    if hasattr(numpy, "get_bit_generator"):
        states.append((_restore_numpy, _numpy_state(numpy)))
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "get_rng_state"):
        states.append((torch.set_rng_state, torch.get_rng_state()))
    return states


_MERSENNE_BYTES: Final = 625 * 4
_numpy_seen: list[tuple[bytes, Any]] = []


def _numpy_state(numpy: Any) -> tuple[Any, bytes, Any]:
    """The module, the generator's functions, its state. Reading the state takes longer than most examples, so do it
    once.
    """
    words = _numpy_words(numpy)
    if not _numpy_seen or _numpy_seen[0][0] != words:
        _numpy_seen[:] = [(words, numpy.get_state(legacy=False))]
    return numpy, words, _numpy_seen[0][1]


def _restore_numpy(before: tuple[Any, bytes, Any]) -> None:
    numpy, words, state = before
    if _numpy_words(numpy) != words:
        numpy.set_state(state)


def _numpy_words(numpy: Any) -> bytes:
    generator = numpy.get_bit_generator()
    if type(generator).__name__ == "MT19937":
        return ctypes.string_at(generator.ctypes.state_address, _MERSENNE_BYTES)
    return repr(generator.state).encode()
