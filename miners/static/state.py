"""The state of the walk: locals, the fields of the object, and the conditions on the path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import final

from miners.code.definitions import FunctionSource
from miners.logic.formulas import Formula, all_of, any_of
from miners.symbolic.cases import alike, choose
from miners.symbolic.terms import Term


@final
@dataclass(slots=True)
class State:
    """A point on the path.

    `path` lists conditions from the outermost inwards; copies of a state share the terms only.
    """

    env: dict[str, Term]
    fields: dict[str, Term]
    path: tuple[Formula, ...] = ()

    def fork(self, condition: Formula) -> State:
        return State(dict(self.env), dict(self.fields), (*self.path, condition))

    def entered(self, env: dict[str, Term]) -> State:
        return State(env, self.fields, self.path)

    @contextmanager
    def under(self, condition: Formula) -> Iterator[None]:
        """While the block runs, effects have one more condition."""
        path = self.path
        self.path = (*path, condition)
        try:
            yield
        finally:
            self.path = path

    @property
    def guard(self) -> Formula:
        return all_of(self.path)

    def since(self, entry: State) -> Formula:
        return all_of(self.path[len(entry.path) :])


class Leaving(Enum):
    """How a block ends other than at its last statement or by an exception."""

    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    CAUGHT = "caught"


@final
@dataclass(frozen=True, slots=True)
class Exit:
    """A block that was left early."""

    how: Leaving
    state: State
    value: Term | None = None


@final
@dataclass(slots=True)
class Flow:
    """The end of a block: its final state, and the states in which it was left early."""

    live: State | None
    exits: list[Exit] = field(default_factory=list)


@final
@dataclass(frozen=True, slots=True)
class Frame:
    """The function whose body is walked."""

    function: FunctionSource
    path: str
    method: str
    module: str


Initial = Callable[[str], "Term | None"]
"""The value of a field before any assignment to it."""


def merge(entry: State, states: Sequence[State], *, complete: bool, initial: Initial) -> State | None:
    """The state after several states that all started from `entry`.

    `complete`: one of them occurs unless an exception is raised. A path with an exception need not be kept: there the
    config is rejected already.
    """
    if not states:
        return None
    guards = [state.since(entry) for state in states]
    path = entry.path if complete else (*entry.path, any_of(guards))
    if len(states) == 1:
        return State(states[0].env, states[0].fields, path)
    return State(
        _merged([state.env for state in states], guards, lambda name: None),
        _merged([state.fields for state in states], guards, initial),
        path,
    )


def _merged(variants: list[dict[str, Term]], guards: list[Formula], initial: Initial) -> dict[str, Term]:
    result: dict[str, Term] = {}
    names = dict.fromkeys(name for variant in variants for name in variant)
    for name in names:
        values = [variant.get(name) or initial(name) for variant in variants]
        present = [(guard, value) for guard, value in zip(guards, values, strict=True) if value is not None]
        first = present[0][1]
        if all(term is first or alike(term, first) for _, term in present):
            result[name] = first
        else:
            result[name] = choose(present, text=name)
    return result
