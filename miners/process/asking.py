"""Who asks the library: this process, or a copy of it that may end, once a config ended one."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import pickle
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import EMPTY, Kwargs, Observation, ObservedException
from pytest_llem_invariants.process.forks import alone, end, end_with_parent, fork, how_it_ended
from pytest_llem_invariants.process.patience import Patience
from pytest_llem_invariants.replay.exceptions import no_answer, timed_out
from pytest_llem_invariants.replay.observe import TO_WARM, USED_UP, Observer

_ROOM: Final = 1 << 20
_LENGTH: Final = struct.Struct("q")
_GLANCE: Final = 0.05
_GRACE: Final = 3.0
"""The extra time for a call that was interrupted and cleans up."""
_CONTEXT: Final = multiprocessing.get_context("fork")


@final
class _Here:
    """The settings with which this process asks."""

    patience = Patience()
    apart = False


def ask_with(patience: Patience) -> None:
    """Use these time limits for all questions of this process from now on."""
    _Here.patience = patience


def ask_apart(apart: bool) -> None:
    """Whether a copy of this process answers from now on."""
    _Here.apart = apart


def asker(adapter: EngineAdapter) -> Observer | Apart:
    """The asker for one engine's library, with the settings of this process."""
    return Apart(adapter, _Here.patience.seconds) if _Here.apart else Observer(adapter, _Here.patience)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy of this process that answers. It is reached through memory and semaphores, and no descriptor."""

    pid: int
    board: mmap.mmap
    asked: Any
    told: Any


@final
class Asking:
    """One engine's library, asked with the settings of whichever process calls."""

    def __init__(self, adapter: EngineAdapter) -> None:
        self._adapter: Final = adapter
        self._known: dict[tuple[int, bool], Observer | Apart] = {}

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> ObservedException | None:
        """See `Observer.raises`."""
        return self._asker().raises(native_type, kwargs, context)

    def no_verdict(self, error: ObservedException) -> str | None:
        """See `Observer.no_verdict`."""
        return self._asker().no_verdict(error)

    def _asker(self) -> Observer | Apart:
        how = id(_Here.patience), _Here.apart
        known = self._known.get(how)
        if known is None:
            known = self._known[how] = asker(self._adapter)
        return known


@final
class Apart:
    """Asks in a copy of this process. A copy that hangs or dies is replaced, and its config has no answer."""

    def __init__(self, adapter: EngineAdapter, seconds: float) -> None:
        self._its_patience: Final = Patience(seconds)
        self._observer: Final = Observer(adapter, self._its_patience)
        self._seconds: Final = seconds
        self._copy: _Copy | None = None
        self._patience: Final = _Here.patience
        self._to_warm: dict[tuple[str, str], float] = {}
        """How many seconds a new copy may take to prepare a type in a context; until then it may import."""

    def observe(self, native_type: str, kwargs: Kwargs, *, context: Mapping[str, Any] = EMPTY) -> Observation:
        """See `Observer.observe`."""
        found = self._asked("observe", native_type, kwargs, context)
        if isinstance(found, Observation):
            return found
        assert found is not None
        return Observation(found, skipped_reason=found.message)

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> ObservedException | None:
        """See `Observer.raises`."""
        found = self._asked("raises", native_type, kwargs, context)
        assert not isinstance(found, Observation)
        return found

    def no_verdict(self, error: ObservedException) -> str | None:
        return self._observer.no_verdict(error)

    def is_environmental(self, error: ObservedException) -> bool:
        return self._observer.is_environmental(error)

    def close(self) -> None:
        if self._copy is not None:
            end(self._copy.pid)
            self._copy = None

    def _asked(
        self, method: str, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]
    ) -> Observation | ObservedException | None:
        """The library's answer, or what replaces a missing one."""
        if self._patience.is_used_up:
            return USED_UP
        self._patience.calls += 1
        warmth = native_type, identity(context)
        if warmth not in self._to_warm:
            self._rehearse(native_type, context, warmth)
        question = pickle.dumps((method, (native_type, kwargs), {"context": dict(context)}))
        return self._exchanged(question, self._to_warm[warmth] if self._copy is None else 0.0)

    def _rehearse(self, native_type: str, context: Mapping[str, Any], warmth: tuple[str, str]) -> None:
        """Measure how long a copy takes to prepare the type; if that ends it, no copy tries again."""
        began = time.monotonic()
        question = pickle.dumps(("prepare", (native_type, dict(context)), {}))
        failed = self._exchanged(question, self._seconds * TO_WARM)
        self._to_warm[warmth] = 2 * (time.monotonic() - began)
        if failed is not None:
            self._observer.take_as_prepared(native_type, context)
            self._to_warm[warmth] = 0.0

    def _exchanged(self, question: bytes, longer: float) -> Observation | ObservedException | None:
        if len(question) > _ROOM - _LENGTH.size:
            return no_answer("no answer: the config is too large")
        copy = self._copy = self._copy or self._forked()
        _write(copy.board, question)
        copy.asked.release()
        began = time.monotonic()
        failed = self._wait(copy, began + self._seconds + _GRACE + longer)
        self._patience.spend(time.monotonic() - began)
        if failed is not None:
            return failed
        answer: Observation | ObservedException | None = pickle.loads(_read(copy.board))
        return answer

    def _wait(self, copy: _Copy, ends: float) -> ObservedException | None:
        """None as soon as it answered; else what replaces the answer."""
        while not copy.told.acquire(timeout=_GLANCE):
            ended, status = os.waitpid(copy.pid, os.WNOHANG)
            if ended:
                self._copy = None
                return no_answer(how_it_ended(status))
            if time.monotonic() > ends:
                self.close()
                return timed_out(self._seconds)
        return None

    def _forked(self) -> _Copy:
        board = mmap.mmap(-1, _ROOM)
        asked, told = _CONTEXT.Semaphore(0), _CONTEXT.Semaphore(0)
        pid = fork()
        if pid == 0:
            self._answer_for_ever(board, asked, told)
        return _Copy(pid, board, asked, told)

    def _answer_for_ever(self, board: mmap.mmap, asked: Any, told: Any) -> NoReturn:
        """The loop of the copy. Whatever happens, no other code of the parent runs here."""
        try:
            end_with_parent()
            alone()
            with self._its_patience.kept():
                while True:
                    asked.acquire()
                    method, given, named = pickle.loads(_read(board))
                    _write(board, pickle.dumps(getattr(self._observer, method)(*given, **named)))
                    told.release()
        finally:
            os._exit(1)


def _write(board: mmap.mmap, data: bytes) -> None:
    board[: _LENGTH.size] = _LENGTH.pack(len(data))
    board[_LENGTH.size : _LENGTH.size + len(data)] = data


def _read(board: mmap.mmap) -> bytes:
    (length,) = _LENGTH.unpack(board[: _LENGTH.size])
    return board[_LENGTH.size : _LENGTH.size + length]
