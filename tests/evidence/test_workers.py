"""A config that asks for all the memory ends no worker, and nothing but its end or its hanging does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from miners.process import workers
from miners.process.board import Board
from miners.process.workers import AnswerLimits, forked


def _fill(size: int) -> int | None:
    try:
        return len([0] * size)
    except MemoryError:
        return None


def test_what_a_worker_cannot_hold_fails_in_it_and_the_next_task_is_done() -> None:
    with forked(1) as pool:
        assert list(pool.map(_fill, [10, 2**30, 20])) == [10, None, 20]


def test_who_looks_at_a_board_while_it_is_written_sees_only_what_was_written() -> None:
    board = Board(2)
    board.note(1, 7, 5)
    began = board.noted(1).looked
    writer = os.fork()
    if writer == 0:
        while True:
            board.note(1, 7, 5)
    try:
        ends = time.monotonic() + 0.5
        while time.monotonic() < ends:
            note = board.noted(1)
            assert (note.task, note.calls) == (7, 5)
            assert note.looked >= began
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)


def test_many_short_tasks_are_each_done_however_often_the_parent_looks() -> None:
    for _ in range(20):
        with forked(2) as pool:
            assert list(pool.map(abs, range(-200, 0))) == list(range(200, 0, -1))


def test_a_worker_that_stands_still_before_its_first_task_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    parent, stuck = os.getpid(), multiprocessing.get_context("fork").Semaphore(1)

    def begin() -> None:
        if os.getpid() != parent and stuck.acquire(block=False):
            signal.pause()

    monkeypatch.setattr(workers, "_begin", begin)
    monkeypatch.setattr(workers, "_GRACE", 0.5)
    with forked(1, AnswerLimits(0.1)) as pool:
        assert list(pool.map(abs, [-1, -2])) == [1, 2]
