"""Time limits for calls of foreign code: a call that takes too long is interrupted, and gives no verdict."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, final

from pytest_llem_invariants.errors import EngineUnavailableError

_LINE: Final = 256
_TICK: Final = 1.0
"""How often the clock is checked: a timer for each call would cost more than many calls take."""


class OutOfTime(BaseException):
    """Raised inside a call that took too long."""


@final
class Patience:
    """A limit in seconds for each call between `begin` and `end`; it works after `kept` begins in the main thread."""

    def __init__(
        self,
        seconds: float = math.inf,
        beat: Callable[[int], None] = lambda calls: None,
        *,
        in_all: float = math.inf,
        memory: float = math.inf,
    ) -> None:
        self.seconds: Final = seconds
        self.is_finite: Final = math.isfinite(seconds)
        self._in_all: Final = in_all
        self._memory: Final = memory
        self.calls = 0
        self.is_used_up = False
        """Whether this process has used the CPU time for all calls; other processes do not count."""
        self._spent = 0.0
        self.ran_out = False
        """Whether the last call took too long, however it reacted to the interruption."""
        self._beat: Final = beat
        self._began = math.inf
        self._ends = math.inf

    def begin(self, times: int = 1) -> None:
        """A call begins; it may take the limit, or a multiple of it."""
        self.calls += 1
        self.ran_out = False
        self._began = now = time.monotonic()
        self._ends = now + self.seconds * times

    def end(self) -> float:
        """The call ended; returns its duration."""
        self._ends = math.inf
        return time.monotonic() - self._began

    def spend(self, seconds: float) -> None:
        """Add the time of calls in another process."""
        self._spent += seconds

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Check the clock while the block runs. Code that hangs in compiled code cannot be interrupted."""
        before = signal.signal(signal.SIGALRM, self._look)
        timer = signal.setitimer(signal.ITIMER_REAL, _TICK, _TICK)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, *timer)
            signal.signal(signal.SIGALRM, before)

    def _look(self, number: int, frame: FrameType | None) -> None:
        self._beat(self.calls)
        if self._spent + time.process_time() > self._in_all:
            self.is_used_up = True
        if time.monotonic() > self._ends:
            self.ran_out = True
            raise OutOfTime(f"no answer within {self.seconds:g} s")
        if self._ends < math.inf and self._memory < math.inf and _resident() > self._memory:
            self.ran_out = True
            raise OutOfTime(f"it took more than {self._memory / 1024**3:g} GiB of memory")


@contextlib.contextmanager
def at_most(seconds: float, memory: float, what: str) -> Iterator[None]:
    """Run foreign code in this process, and interrupt it if it takes too much time or memory."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    patience = Patience(seconds, memory=memory)
    try:
        with patience.kept():
            patience.begin()
            try:
                yield
            finally:
                patience.end()
    except OutOfTime as error:
        raise EngineUnavailableError(f"{what} was stopped: {error}") from None


def _resident() -> int:
    """The memory that this process holds, read without a codec: to look one up may import it.

    The clock is looked at between any two steps of an import, too, and one inside of another leaves Python's locks of
    imports in disorder (python/cpython#106176): a KeyError with the number of the thread, or a wait without end.
    """
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(statm, _LINE).split()[1]) * os.sysconf("SC_PAGESIZE")
    finally:
        os.close(statm)
