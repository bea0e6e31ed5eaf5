"""The position of a walk, and what it has found so far."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import final

from miners.logic.formulas import Formula
from miners.static.effects import Effect, EffectKind, Site
from miners.static.state import Frame
from miners.symbolic.templates import hole_text
from miners.symbolic.terms import Term, Unknown, stand_in


@final
class Trace:
    """All that changes during one class's walk, except the state at each point."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.visited: set[tuple[str, int]] = set()
        """The statements that some path reaches: file and line."""
        self.asked: set[str] = set()
        """Fields for which the code checks whether they were given at all."""
        self.text_elements: set[str] = set()
        """The stand-ins for elements that are declared as texts."""
        self._caught: tuple[str, ...] = ()
        self._frames: list[Frame] = []
        self._failures: list[Formula] = []
        self._stand_ins = 0
        self._blocks = 0
        self._block = 0

    # --- the position -----------------------------------------------------------------------------------------------

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The functions that are being walked, the innermost last."""
        return tuple(self._frames)

    @property
    def frame(self) -> Frame:
        return self._frames[-1]

    def place(self, node: ast.AST) -> str:
        return f"{self.frame.path}:{getattr(node, 'lineno', 0)}"

    def unknown(self, node: ast.expr, shape: str) -> Unknown:
        return Unknown(hole_text(ast.unparse(node)), self.place(node), shape)

    @contextmanager
    def inside(self, frame: Frame) -> Iterator[None]:
        """While a function is walked: a failing expression in it does not concern a `try` around its call."""
        self._frames.append(frame)
        failures, self._failures = self._failures, []
        try:
            yield
        finally:
            self._frames.pop()
            self._failures = failures

    @contextmanager
    def guarded(self, names: tuple[str, ...]) -> Iterator[list[Formula]]:
        """While a `try` is walked: the conditions under which an expression in it fails."""
        outer, self._caught = self._caught, names or self._caught
        failures, self._failures = self._failures, []
        try:
            yield self._failures
        finally:
            self._caught = outer
            self._failures = failures

    @contextmanager
    def numbered_block(self) -> Iterator[None]:
        """While a block is walked: gives its effects a number of their own."""
        self._blocks += 1
        outer, self._block = self._block, self._blocks
        try:
            yield
        finally:
            self._block = outer

    # --- the findings -----------------------------------------------------------------------------------------------

    def effect(
        self,
        kind: EffectKind,
        node: ast.AST,
        guard: Formula,
        *,
        template: str | None = None,
        target: str | None = None,
        value: Term | None = None,
        handled: bool = False,
        exception: str = "",
        site: Site | None = None,
    ) -> None:
        """Record one path to a statement with an effect; `site` where the effect is elsewhere than the statement."""
        site = site or Site(self.frame.path, getattr(node, "lineno", 0), self.frame.method)
        self.effects.append(Effect(kind, site, guard, template, target, value, handled, self._block, exception))

    def rewrite(self, first: int, change: Callable[[Effect], Effect]) -> None:
        """Change the effects that were recorded since there were `first`."""
        self.effects[first:] = map(change, self.effects[first:])

    def may_raise(
        self, node: ast.AST, guard: Formula, exception: str, template: str | None, site: Site | None = None
    ) -> None:
        """Record that an exception is raised, and whether a handler around it catches it."""
        caught = self.is_caught(exception)
        self.effect(EffectKind.RAISE, node, guard, template=template, handled=caught, exception=exception, site=site)

    def is_caught(self, exception: str) -> bool:
        return _catches(self._caught, exception)

    def fails(self, condition: Formula) -> None:
        """Record that an expression on the path raises by itself (an unknown enum name)."""
        self._failures.append(condition)

    def new_stand_in(self) -> str:
        """A name for an element that represents all."""
        self._stand_ins += 1
        return stand_in(self._stand_ins)


def _catches(names: Sequence[str], raised: str) -> bool:
    """Whether a handler with one of these names catches the exception."""
    if raised in names or "BaseException" in names or "Exception" in names:
        return True
    kind = getattr(builtins, raised, None)
    if not isinstance(kind, type):
        return "ValueError" in names and raised.endswith("ValidationError")
    return any(base.__name__ in names for base in kind.__mro__)
