"""What vLLM asks of a model's class in a new interpreter, asked in a copy of this process.

A new interpreter imports the whole library again, for seconds, each time a model is met that no file remembers, and
each time anew for one that cannot be imported. A forked copy has imported it.
"""

from __future__ import annotations

import functools
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any, Final

from pytest_llem_invariants.process.forks import PATIENCE, in_child

_RUNNER: Final = "_run_in_subprocess"
_SPARE: Final = 4 * 1024**3


def inspect_in_copies(registry: ModuleType, as_imported: Callable[[], AbstractContextManager[None]]) -> None:
    """Let a model registry run what it would run in a new interpreter in a fork, which finds its platform as there."""

    original = getattr(registry, _RUNNER, None)
    if original is None:
        return

    @functools.wraps(original)
    def run(look: Callable[[], Any]) -> Any:
        def answer() -> bytes:
            be_silent()
            with as_imported():
                try:
                    return pickle.dumps((look(), None))
                except Exception:
                    return pickle.dumps((None, traceback.format_exc()))

        data, reason = in_child(answer, PATIENCE, _SPARE)
        found, raised = (None, reason) if reason is not None else pickle.loads(data)
        if raised is not None:
            raise RuntimeError(f"Error raised in subprocess:\n{raised}")
        return found

    setattr(registry, _RUNNER, run)


@contextmanager
def inspecting_here(registry: ModuleType) -> Iterator[None]:
    """Let it run that in this very process for a block: what one model's class imports, the next finds imported."""
    runner = getattr(registry, _RUNNER, None)
    vars(registry)[_RUNNER] = lambda look: look()
    try:
        yield
    finally:
        vars(registry)[_RUNNER] = runner


def be_silent() -> None:
    """Let this process, a copy that ends soon, write to nowhere from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
