"""Ctrl-C at the end of a run: finish writing first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final


@final
class Held:
    """Whether somebody asked for the end."""

    def __init__(self) -> None:
        self.is_asked_for = False

    def note(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked_for:  # who asks twice does not want to wait
            signal.default_int_handler(number, frame)
        self.is_asked_for = True


@contextmanager
def held_interrupt() -> Iterator[Held]:
    """Note the first Ctrl-C within a block and go on; whoever made the process deaf to it, or hears it, still does."""
    held = Held()
    is_ours = threading.current_thread() is threading.main_thread()
    if not is_ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield held
        return
    signal.signal(signal.SIGINT, held.note)
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
