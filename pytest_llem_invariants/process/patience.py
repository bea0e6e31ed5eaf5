"""How long one call of foreign code may take: what does not come back is interrupted, and is no verdict."""

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

_TICK: Final = 1.0
"""How often it is looked whether a call takes too long: a timer for each call would cost more than many calls take."""


class OutOfTime(BaseException):
    """Raised inside of a call that took too long."""


@final
class Patience:
    """A limit in seconds for each call between `begin` and `end`; kept once `kept` is entered in the main thread."""

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
        """Whether this process has worked for as long as there was for all calls, however busy the machine is."""
        self._spent = 0.0
        self.ran_out = False
        """Whether the last call took too long, whatever it made of the interruption."""
        self._beat: Final = beat
        self._began = math.inf
        self._ends = math.inf

    def begin(self, times: int = 1) -> None:
        """A call begins, which may take the limit, or so many times of it."""
        self.calls += 1
        self.ran_out = False
        self._began = now = time.monotonic()
        self._ends = now + self.seconds * times

    def end(self) -> float:
        """How long the call took."""
        self._ends = math.inf
        return time.monotonic() - self._began

    def spend(self, seconds: float) -> None:
        """So much time went into the calls of another process."""
        self._spent += seconds

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Look at the clock while the block runs. What hangs in compiled code is not reached by this."""
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
    """A work of foreign code in this process, which is interrupted when it takes longer, or more memory."""
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
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0
