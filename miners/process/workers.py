"""Forked workers. Each inherits the imported library, and whatever a library does to a worker costs one config only.

A worker has no descriptor except the null device while it asks: it takes its tasks from shared memory and writes each
result to its own file. A worker that died or hangs is replaced; its task starts again, and a copy that may end asks the
library. Workers are no security boundary: they return pickles, and the process that reads them runs the library's code
as well.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import pickle
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec, TypeVar, final

from miners.process.absent import remember_absent
from miners.process.asking import ask_apart, ask_with
from miners.process.board import NOTHING, Board
from pytest_llem_invariants.errors import LlemError, MinerError
from pytest_llem_invariants.process.forks import alone, end, end_with_parent, fork, how_it_ended, limit_memory
from pytest_llem_invariants.process.patience import Patience

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")
Watch = Callable[[int], None]
"""Called from time to time with the number of questions so far."""
Finished = Callable[[int, bytes, float], None]
"""Called with the number of a task, its pickled result and the seconds that it took, as soon as it is there."""


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """The seconds for one answer of the library, and the CPU seconds for all answers in one worker."""

    each: float
    in_all: float = math.inf


PATIENCE: Final = AnswerLimits(20.0)
"""The limits for an engine: thousands of times the usual duration, so that no busy machine changes a rule."""
_SELDOM: Final = (500_000, 50, 100)
"""When Python collects garbage: mining creates many small objects that stay; scanning them took 10 % of the time."""
_SPARE: Final = 2 * 1024**3
"""How much address space a worker may take beyond what it inherits: `[0] * size` fails at once and gives no verdict."""
_GLANCE: Final = 0.2
_GRACE: Final = 10.0
"""A worker that has not updated its clock for this much longer than the limit of a call hangs in compiled code."""
_UNFINISHED: Final = ".new"
_CONTEXT: Final = multiprocessing.get_context("fork")


@contextmanager
def forked(workers: int, limits: AnswerLimits = PATIENCE, watch: Watch = lambda calls: None) -> Iterator[WorkerPool]:
    """A pool of workers that are copies of this process; they end with the block."""
    pool = WorkerPool(workers, limits, watch)
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def aside(work: Callable[_Given, _Found], *given: _Given.args, **named: _Given.kwargs) -> Iterator[Future[_Found]]:
    """Run a function of our own, which does not ask the library, in a copy of this process while the block runs."""
    with ProcessPoolExecutor(1, mp_context=_CONTEXT, initializer=_begin) as pool:
        yield pool.submit(work, *given, **named)


def collect_seldom() -> None:
    """Collect garbage rarely from now on: most objects made while mining stay."""
    gc.set_threshold(*_SELDOM)


def _begin() -> None:
    gc.freeze()  # inherited objects stay: scanning them again would also copy them
    collect_seldom()
    remember_absent()
    limit_memory(_SPARE)


@final
class WorkerPool:
    """Runs functions in several copies of this process at once."""

    def __init__(self, workers: int, limits: AnswerLimits, watch: Watch) -> None:
        self._workers: Final = workers
        self._limits: Final = limits
        self._watch: Final = watch
        self._shifts: Final[list[_Shift]] = []

    def map(
        self, work: Callable[..., _Found], *given: Iterable[Any], finished: Finished = lambda task, body, seconds: None
    ) -> Iterator[_Found]:
        """The results, in the order of the arguments; the work starts at once. `finished` hears of each in the order
        in which they come.
        """
        shift = _Shift(work, list(zip(*given, strict=False)), self._limits, self._watch, finished)
        self._shifts.append(shift)
        shift.begin(self._workers)
        return shift.results()

    def close(self) -> None:
        for shift in self._shifts:
            shift.close()
        self._shifts.clear()


@dataclass(slots=True)
class _Worker:
    pid: int
    again: int
    """The task with which it begins, because it ended another worker; a copy asks the library then."""


@final
class _Shift:
    """One function for many tasks, and the workers that run it."""

    def __init__(
        self,
        work: Callable[..., Any],
        tasks: Sequence[tuple[Any, ...]],
        limits: AnswerLimits,
        watch: Watch,
        finished: Finished,
    ) -> None:
        self._work: Final = work
        self._tasks: Final = tasks
        self._limits: Final = limits
        self._watch: Final = watch
        self._finished: Final = finished
        self._come: Final[dict[int, tuple[bytes, BaseException | None]]] = {}
        self._workers: Final[dict[int, _Worker]] = {}
        self._claims: Final = [_CONTEXT.Semaphore(1) for _ in tasks]
        self._told: Final = _CONTEXT.Semaphore(0)
        self._folder: Final = Path(tempfile.mkdtemp(prefix="llem-"))
        self._board: Board = Board(0)

    def begin(self, workers: int) -> None:
        count = max(1, min(workers, len(self._tasks)))
        self._board = Board(count)
        for place in range(count):
            self._employ(place, NOTHING)

    def results(self) -> Iterator[Any]:
        for task in range(len(self._tasks)):
            self._collect()
            while task not in self._come:
                self._told.acquire(timeout=_GLANCE)
                self._look_after()
                self._collect()
                if task not in self._come and not self._workers:
                    raise MinerError(f"mining stopped: a task was lost with its worker, {self._tasks[task][-1]!r}")
            body, error = self._come.pop(task)
            if error is not None:
                raise error
            yield pickle.loads(body)

    def _collect(self) -> None:
        """Take what the workers have written, whoever waits for it: what is only in a folder is lost in a crash."""
        for path in self._folder.iterdir():
            if path.suffix != _UNFINISHED:
                body, error, seconds = pickle.loads(path.read_bytes())
                path.unlink()
                self._come[int(path.name)] = body, error
                if error is None:
                    self._finished(int(path.name), body, seconds)

    def close(self) -> None:
        for worker in self._workers.values():
            end(worker.pid)
        self._workers.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _employ(self, place: int, again: int) -> None:
        self._board.note(place, again, 0)
        pid = fork()
        if pid == 0:
            self._work_and_leave(place, again)
        self._workers[place] = _Worker(pid, again)

    def _look_after(self) -> None:
        """Replace each worker that died or hangs in a task."""
        self._watch(sum(self._board.noted(place).calls for place in self._workers))
        for place, worker in list(self._workers.items()):
            note = self._board.noted(place)
            ended, status = os.waitpid(worker.pid, os.WNOHANG)
            if ended:
                reason = how_it_ended(status)
            elif time.monotonic() - note.looked > self._limits.each + _GRACE:  # at a task, or before its first
                end(worker.pid)
                status = -1
                reason = f"it gave no answer within {self._limits.each:g} s"
            else:
                continue
            del self._workers[place]
            task = self._board.noted(place).task  # it may have gone on to another before it ended
            if task == NOTHING:
                if status > 0:
                    raise MinerError(f"mining stopped: a worker process ended before its task was done ({reason})")
                if status < 0:
                    self._employ(place, NOTHING)  # it came to the end of its task all the same
                continue
            if task == worker.again:
                raise MinerError(
                    f"mining stopped: a worker process ended twice in one task, {self._tasks[task][-1]!r} ({reason})"
                )
            self._employ(place, task)

    def _work_and_leave(self, place: int, again: int) -> NoReturn:
        """The loop of a worker. Whatever happens, no other code of the parent runs here."""
        status = 1
        try:
            end_with_parent()
            os.setpgid(0, 0)
            alone()
            _begin()
            beat = partial(self._board.beat, place)
            patience = Patience(self._limits.each, beat, in_all=self._limits.in_all)
            ask_with(patience)
            with patience.kept():
                if again != NOTHING:
                    ask_apart(True)
                    self._do(again)
                    ask_apart(False)
                    self._board.note(place, NOTHING, patience.calls)
                for task, claim in enumerate(self._claims):
                    if claim.acquire(block=False):
                        self._board.note(place, task, patience.calls)
                        self._do(task)
                        self._board.note(place, NOTHING, patience.calls)
            status = 0
        finally:
            os._exit(status)

    def _do(self, task: int) -> None:
        body = b""
        error: BaseException | None = None
        began = time.perf_counter()
        try:
            body = pickle.dumps(self._work(*self._tasks[task]))
        except LlemError as known:
            error = LlemError(str(known))
        except BaseException as unforeseen:  # reported in the parent: what it is first, since a long text is cut there
            error = RuntimeError("".join((*traceback.format_exception_only(unforeseen), traceback.format_exc())))
        path = self._folder / str(task)
        unfinished = path.with_suffix(_UNFINISHED)
        unfinished.write_bytes(pickle.dumps((body, error, time.perf_counter() - began)))
        unfinished.replace(path)
        self._told.release()
