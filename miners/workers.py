"""Forked workers: each inherits the imported library, and no config that asks for all the memory ends one."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from miners.absent import remember_absent
from pytest_llem_invariants.forks import limit_memory

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")
_SELDOM: Final = (500_000, 50, 100)
"""When a process looks for garbage: it makes many small facts that stay, and to look through them took a tenth."""
_SPARE: Final = 2 * 1024**3
"""How much address space a worker may take beyond what it inherits: `[0] * size` fails at once and is no verdict."""


def forked(workers: int) -> ProcessPoolExecutor:
    """A pool of workers that are copies of this process."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"), initializer=_begin)


@contextmanager
def aside(work: Callable[_Given, _Found], *given: _Given.args, **named: _Given.kwargs) -> Iterator[Future[_Found]]:
    """Do a work in a copy of this process while the block runs."""
    with forked(1) as pool:
        yield pool.submit(work, *given, **named)


def collect_seldom() -> None:
    """Look for garbage seldom from now on: what is made while mining stays."""
    gc.set_threshold(*_SELDOM)


def _begin() -> None:
    gc.freeze()  # what was inherited stays: walking it again and again would also copy it
    collect_seldom()
    remember_absent()
    limit_memory(_SPARE)
