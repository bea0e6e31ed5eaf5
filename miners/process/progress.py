"""A progress line on standard error: redrawn on a terminal, one line per step elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO, final

_WIDTH: Final = 24
_REDRAW_SECONDS: Final = 0.1
_SAY_SECONDS: Final = 30.0
"""The seconds between two lines about long work where nothing can be redrawn."""


@final
class Progress:
    """Reports the progress of a long command. None of it goes into an output file."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._quiet = quiet
        self._terminal = not quiet and self._stream.isatty()
        self._drawn_at = 0.0

    @contextmanager
    def step(self, title: str, total: int = 0) -> Iterator[ProgressStep]:
        """Announce a step; at its end, print how long it took."""
        started = time.perf_counter()
        step = ProgressStep(self, title, total)
        step.draw()
        yield step
        self._close(f"{title}: {step.summary()} ({time.perf_counter() - started:.1f} s)")

    def draw(self, text: str, *, force: bool = False) -> None:
        now = time.perf_counter()
        if self._terminal and (force or now - self._drawn_at >= _REDRAW_SECONDS):
            self._drawn_at = now
            self._stream.write(f"\r\x1b[2K{text}")
            self._stream.flush()

    def still(self, text: str, step: float) -> float:
        """Report that a step continues, rarely where lines cannot be redrawn; returns the time of the last report."""
        now = time.perf_counter()
        if not self._terminal and not self._quiet and now - step >= _SAY_SECONDS:
            self._stream.write(f"{text}\n")
            self._stream.flush()
            return now
        self.draw(text)
        return step

    def _close(self, text: str) -> None:
        if self._quiet:
            return
        self._stream.write(f"\r\x1b[2K{text}\n" if self._terminal else f"{text}\n")
        self._stream.flush()


@final
class ProgressStep:
    """One step of a command: a count up to the total, if the total is known."""

    def __init__(self, progress: Progress, title: str, total: int) -> None:
        self._progress = progress
        self._title = title
        self._total = total
        self._done = 0
        self._asked = 0
        self._began = self._said = time.perf_counter()
        self.note = ""

    def advance(self, count: int = 1) -> None:
        self._done += count
        self.draw()

    def asked(self, count: int) -> None:
        """Report how often the library was asked, for a task that takes long."""
        self._asked = count
        self._said = self._progress.still(self._line(), self._said)

    def draw(self) -> None:
        self._progress.draw(self._line())

    def _line(self) -> str:
        if not self._total:
            return f"{self._title} …"
        filled = _WIDTH * self._done // self._total
        bar = "█" * filled + "░" * (_WIDTH - filled)
        seconds = time.perf_counter() - self._began
        asked = f" · {self._asked:,} configs asked, {seconds:.0f} s" if self._asked else ""
        return f"{self._title} {bar} {self._done}/{self._total}{asked}"

    def summary(self) -> str:
        count = f"{self._done}/{self._total}" if self._total else "done"
        return self.note or count
