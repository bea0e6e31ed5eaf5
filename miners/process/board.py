"""What each worker is at, in memory that it shares with its parent."""

from __future__ import annotations

import mmap
import time
from dataclasses import dataclass
from typing import Final, final

NOTHING: Final = -1
"""What is noted in place of a task by a worker that has none."""
_WORD: Final = 8
_TASK, _CALLS, _LOOKED, _LENGTH = range(4)
_NANOSECONDS: Final = 10**9


@dataclass(frozen=True, slots=True)
class Note:
    """The line of one worker."""

    task: int
    calls: int
    """How often the worker has asked the library."""
    looked: float
    """When it last updated its clock, in the seconds of `time.monotonic`."""


@final
class Board:
    """A line for each worker, read while it is written.

    Each word is written at once. `struct.pack_into` clears what it writes to first, and a parent that looked at that
    moment saw a worker at the first task whose clock had stopped ages ago: it ended a healthy one.
    """

    def __init__(self, places: int) -> None:
        self._words: Final = memoryview(mmap.mmap(-1, _WORD * _LENGTH * max(1, places))).cast("q")

    def note(self, place: int, task: int, calls: int) -> None:
        """The clock first, the task last: who sees the task sees a clock that is no older."""
        self.beat(place, calls)
        self._words[place * _LENGTH + _TASK] = task

    def beat(self, place: int, calls: int) -> None:
        line = place * _LENGTH
        self._words[line + _LOOKED] = time.monotonic_ns()
        self._words[line + _CALLS] = calls

    def noted(self, place: int) -> Note:
        line = place * _LENGTH
        task = self._words[line + _TASK]
        return Note(task, self._words[line + _CALLS], self._words[line + _LOOKED] / _NANOSECONDS)
