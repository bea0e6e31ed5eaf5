"""Ctrl-C at the end of a run: finish writing first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final


@final
class Interrupt:
    """Whether the user pressed Ctrl-C."""

    def __init__(self) -> None:
        self.is_asked_for = False

    def note(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked_for:  # a second Ctrl-C means: do not wait
            signal.default_int_handler(number, frame)
        self.is_asked_for = True


@contextmanager
def held_interrupt() -> Iterator[Interrupt]:
    """Record the first Ctrl-C inside a block and continue; an earlier handler, or an ignored signal, stays in force."""
    held = Interrupt()
    is_ours = threading.current_thread() is threading.main_thread()
    if not is_ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield held
        return
    signal.signal(signal.SIGINT, held.note)
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
