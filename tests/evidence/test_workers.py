"""A config that asks for all the memory ends no worker."""

from __future__ import annotations

from miners.process.workers import forked


def _fill(size: int) -> int | None:
    try:
        return len([0] * size)
    except MemoryError:
        return None


def test_what_a_worker_cannot_hold_fails_in_it_and_the_next_task_is_done() -> None:
    with forked(1) as pool:
        assert list(pool.map(_fill, [10, 2**30, 20])) == [10, None, 20]
