"""Where the walk is: locals, the fields of the object, and the conditions that led here."""

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
    """A point on the way. `path` holds conditions from the outermost in; forks share nothing but the terms."""

    env: dict[str, Term]
    fields: dict[str, Term]
    path: tuple[Formula, ...] = ()

    def fork(self, condition: Formula) -> State:
        return State(dict(self.env), dict(self.fields), (*self.path, condition))

    def entered(self, env: dict[str, Term]) -> State:
        return State(env, self.fields, self.path)

    @contextmanager
    def under(self, condition: Formula) -> Iterator[None]:
        """Within, what is met is met under one more condition."""
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
    """How a block is left other than by its end or an exception."""

    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    CAUGHT = "caught"


@final
@dataclass(frozen=True, slots=True)
class Exit:
    """A block left early."""

    how: Leaving
    state: State
    value: Term | None = None


@final
@dataclass(slots=True)
class Flow:
    """What a block came to: where it ends, and where it was left early."""

    live: State | None
    exits: list[Exit] = field(default_factory=list)


@final
@dataclass(frozen=True, slots=True)
class Frame:
    """The function whose body is being walked."""

    function: FunctionSource
    path: str
    method: str
    module: str


Initial = Callable[[str], "Term | None"]
"""What a field holds before anything was assigned to it."""


def merge(entry: State, states: Sequence[State], *, complete: bool, initial: Initial) -> State | None:
    """The state in which any of the given ones, all entered from `entry`, goes on.

    `complete`: between them they are all that can happen but for exceptions. What an exception rules out need
    not be remembered: there the configuration is rejected already.
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
