"""Texts that the code formats, with a hole for each variable part."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import final

from miners.static.parts import Evaluates
from miners.static.state import State
from miners.static.trace import Trace
from miners.symbolic.arithmetic import arithmetic
from miners.symbolic.templates import hole_text, template_of
from miners.symbolic.terms import Const, Term, Text


@final
@dataclass(frozen=True, slots=True, eq=False)
class Formatting:
    """F-strings and `%`."""

    trace: Trace
    values: Evaluates

    def joined(self, values: list[ast.expr], state: State) -> Term:
        pieces = []
        for value in values:
            if isinstance(value, ast.FormattedValue):
                text = hole_text(ast.unparse(value.value))
                term = self.values.term(value.value, state)
                as_is = value.conversion == -1 and value.format_spec is None
                quoted = isinstance(term, Const) and isinstance(term.value, str) and value.conversion == ord("r")
                if quoted and isinstance(term, Const):
                    pieces.append(template_of(Const(repr(term.value)), text))
                else:
                    pieces.append(template_of(term, text) if as_is else f"{{{text}}}")
            else:
                pieces.append(template_of(self.values.term(value, state), ""))
        return Text("".join(pieces))

    def percent(self, node: ast.BinOp, left: ast.expr, right: ast.expr, state: State) -> Term:
        template = self.values.term(left, state)
        if isinstance(template, Const) and not isinstance(template.value, str):
            return arithmetic("%", template, self.values.term(right, state), ast.unparse(node), self.trace.place(node))
        operands = right.elts if isinstance(right, ast.Tuple) else [right]
        return Text(self.interpolated(template, operands, state))

    def interpolated(self, template: Term, operands: list[ast.expr], state: State) -> str:
        """`%` formatting, with a hole for each variable part."""
        text = template_of(template, "message")
        rest = iter(operands)

        def fill(match: re.Match[str]) -> str:
            if match.group() == "%%":
                return "%"
            operand = next(rest, None)
            if operand is None:
                return "{}"
            return template_of(self.values.term(operand, state), ast.unparse(operand))

        return re.sub(r"%(?:%|(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdifrgexX])", fill, text)


def template_or_none(term: Term) -> str | None:
    match term:
        case Text(template=template):
            return template
        case Const(value=str()):
            return template_of(term, "")
        case _:
            return None
