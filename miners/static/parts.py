"""The protocols between parts of a walk that need each other.

Expressions contain calls, calls walk into functions, functions are blocks of statements, and statements contain
expressions. A `Walk` has all three protocols; each part receives those that it needs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Protocol

from miners.logic.formulas import Formula
from miners.static.state import Flow, State
from miners.symbolic.terms import CallableTerm, Term

Meaning = Callable[[ast.Call, State], Term]
"""The result of calling a known function."""


class Evaluates(Protocol):
    """Expressions as symbolic values and as formulas."""

    def term(self, node: ast.expr, state: State) -> Term:
        """The value of an expression."""

    def condition(self, node: ast.expr, state: State) -> Formula:
        """The truth of an expression."""


class Invokes(Protocol):
    """Walks into functions."""

    def invoke(self, target: CallableTerm, args: list[Term], keywords: dict[str, Term], state: State) -> Term:
        """The result of a function; the state has its changes."""


class WalksBlocks(Protocol):
    """Walks through statements."""

    def block(self, statements: Sequence[ast.stmt], state: State) -> Flow:
        """Walk the statements until no path continues."""
