"""What the parts of a walk ask of each other where two need one another.

Expressions contain calls, calls walk into functions, functions are blocks of statements, and statements contain
expressions. A `Walk` is all three of these protocols; each part of it is given those that it needs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Protocol

from miners.logic.formulas import Formula
from miners.static.state import Flow, State
from miners.symbolic.terms import CallableTerm, Term

Meaning = Callable[[ast.Call, State], Term]
"""What a call of a known function gives."""


class Evaluates(Protocol):
    """Expressions as symbolic values and as formulas."""

    def term(self, node: ast.expr, state: State) -> Term:
        """The value of an expression."""

    def condition(self, node: ast.expr, state: State) -> Formula:
        """The truth of an expression."""


class Invokes(Protocol):
    """Walks into functions."""

    def invoke(self, target: CallableTerm, args: list[Term], keywords: dict[str, Term], state: State) -> Term:
        """What a function returns; what it changes, the state then holds."""


class WalksBlocks(Protocol):
    """Walks through statements."""

    def block(self, statements: Sequence[ast.stmt], state: State) -> Flow:
        """Statement after statement, until none of the ways goes on."""
