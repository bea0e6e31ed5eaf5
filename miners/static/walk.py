"""One class's walk: joins the parts that read code."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import final

from miners.logic.formulas import Formula
from miners.static.assignments import Assignments
from miners.static.attributes import Attributes
from miners.static.branches import Branches
from miners.static.builtin_functions import Builtins
from miners.static.calls import Calls, Meanings
from miners.static.conditions import Conditions
from miners.static.constructions import Constructions
from miners.static.detection import Detection
from miners.static.elements import Elements
from miners.static.evaluate import Evaluator
from miners.static.exceptions import Exceptions
from miners.static.formatting import Formatting
from miners.static.functions import ModuleFunctions
from miners.static.invocation import Invocation
from miners.static.known import Known
from miners.static.loops import Loops
from miners.static.methods import Methods
from miners.static.state import Flow, State
from miners.static.statements import Statements
from miners.static.subscripts import Subscripts
from miners.static.trace import Trace
from miners.symbolic.terms import CallableTerm, Term


@final
class Walk:
    """Everything for one class's walk: the known facts, the findings, and the parts that read.

    Each part asks the whole for what it cannot do itself: evaluate an expression, call a function, walk a block.
    """

    def __init__(self, known: Known) -> None:
        self.known = known
        self.trace = Trace()
        self._conditions = Conditions(known, self.trace, self)
        self._evaluator = self._evaluating()
        self._invocation = Invocation(known, self.trace, self, self)
        self._statements = self._stating()

    def _evaluating(self) -> Evaluator:
        known, trace = self.known, self.trace
        attributes, elements = Attributes(known, trace, self, self), Elements(known, trace, self)
        subscripts = Subscripts(known, trace, self)
        functions = ModuleFunctions(known, trace, self, attributes)
        builtins = Builtins(known, trace, self, attributes, elements, functions)
        meanings = Meanings(builtins, functions, Methods(known, trace, self, subscripts))
        calls = Calls(known, trace, self, self, attributes, Constructions(known, trace, self), meanings)
        formatting = Formatting(trace, self)
        return Evaluator(trace, self._conditions, attributes, elements, subscripts, formatting, calls)

    def _stating(self) -> Statements:
        known, trace, parts = self.known, self.trace, self._evaluator
        return Statements(
            trace,
            self,
            Assignments(known, trace, self, parts.attributes, parts.elements),
            Detection(trace, self, parts.formatting),
            Branches(known, trace, self, self),
            Loops(known, trace, self, self, parts.elements),
            Exceptions(known, trace, self),
        )

    def term(self, node: ast.expr, state: State) -> Term:
        """The value of an expression."""
        return self._evaluator.term(node, state)

    def condition(self, node: ast.expr, state: State) -> Formula:
        """The truth of an expression."""
        return self._conditions.condition(node, state)

    def invoke(self, target: CallableTerm, args: list[Term], keywords: dict[str, Term], state: State) -> Term:
        """The result of a function; the state has its changes."""
        return self._invocation.invoke(target, args, keywords, state)

    def block(self, statements: Sequence[ast.stmt], state: State) -> Flow:
        """Walk the statements until no path continues."""
        return self._statements.block(statements, state)
