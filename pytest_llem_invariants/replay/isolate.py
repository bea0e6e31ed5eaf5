"""Run a rule's examples in a forked child: if it hangs, crashes or runs out of memory, only this rule is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_llem_invariants.model import EMPTY, Observation
from pytest_llem_invariants.process.forks import PATIENCE, in_child
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.replay.wire import from_line, to_line

SPARE_MEMORY: Final = 4 * 1024**3
"""The address space that a child may take beyond what it inherits."""


def isolated(observe: Callable[[], tuple[Observation, ...]], count: int, timeout: float) -> tuple[Observation, ...]:
    """The result of `observe` in a child process; without a result, `count` observations with the reason."""
    data, reason = in_child(lambda: to_line(observe()), timeout, SPARE_MEMORY)
    if reason is None:
        try:
            return from_line(data, count)
        except ValueError:  # code in the child may write to its pipe, too
            reason = "crashed: what the process left behind is no observation"
    return (Observation(skipped_reason=reason),) * count


def prepare(observer: Observer, native_type: str, context: Mapping[str, Any] = EMPTY) -> None:
    """Prepare a type in this process, so that every child inherits it; not if that would end the process."""
    if observer.is_prepared(native_type, context):
        return

    def rehearsal() -> bytes:
        observer.prepare(native_type, context)
        return b"."

    _, reason = in_child(rehearsal, PATIENCE, SPARE_MEMORY)
    if reason is None:
        observer.prepare(native_type, context)
    else:
        observer.take_as_prepared(native_type, context)


def exhaustion(observation: Observation) -> Observation:
    """An observation that only shows exhausted stack or memory is no verdict."""
    raised = observation.exception
    if raised is not None and raised.type in ("RecursionError", "MemoryError"):
        return Observation(skipped_reason=f"exhausted: {raised.type}")
    return observation
