"""Expressions as symbolic values."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final, final

from miners.logic.formulas import FALSE, TRUE, Formula, all_of, negate
from miners.static.attributes import Attributes
from miners.static.calls import Calls
from miners.static.conditions import Conditions
from miners.static.elements import Elements
from miners.static.formatting import Formatting
from miners.static.state import State
from miners.static.subscripts import Subscripts
from miners.static.trace import Trace
from miners.symbolic.arithmetic import arithmetic
from miners.symbolic.cases import choose, map_cases
from miners.symbolic.terms import Bool, Computed, Const, Term, Unknown, operand_of

_OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitOr: "|",
    ast.BitAnd: "&",
}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Evaluator:
    """Evaluates an expression by its kind."""

    trace: Trace
    conditions: Conditions
    attributes: Attributes
    elements: Elements
    subscripts: Subscripts
    formatting: Formatting
    calls: Calls

    def term(self, node: ast.expr, state: State) -> Term:
        """The value of an expression."""
        match node:
            case ast.Constant(value=value):
                return Const(value)
            case ast.Name(id=name):
                return self.attributes.name(name, node, state)
            case ast.Attribute():
                return self.attributes.read(node, state)
            case ast.Call():
                return self.calls.call(node, state)
            case ast.BoolOp() if isinstance(node.op, (ast.Or, ast.And)):
                return self._selected_operand(node, state)
            case ast.UnaryOp(op=ast.Not()) | ast.Compare():
                return Bool(self.conditions.condition(node, state))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return map_cases(self.term(operand, state), lambda term: self._negative(term, node))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.term(operand, state)
            case ast.BinOp(left=left, op=ast.Mod(), right=right) if isinstance(left, (ast.Constant, ast.JoinedStr)):
                return self.formatting.percent(node, left, right, state)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return arithmetic(
                    _OPERATORS[type(op)],
                    self.term(left, state),
                    self.term(right, state),
                    ast.unparse(node),
                    self.trace.place(node),
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._either(test, body, orelse, state)
            case ast.JoinedStr(values=values):
                return self.formatting.joined(values, state)
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
                return self.subscripts.display(node, elts, state)
            case ast.Dict(keys=keys, values=values):
                return self.subscripts.mapping(keys, values, state)
            case ast.Subscript():
                return self.subscripts.subscript(node, state)
            case ast.NamedExpr(target=target, value=value):
                found = self.term(value, state)
                state.env[target.id] = found
                return found
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.elements.comprehension(node, state)
            case ast.DictComp(key=key, generators=generators):
                found = self.elements.comprehension(ast.ListComp(elt=key, generators=generators), state)
                return self.trace.unknown(node, "dict comprehension") if isinstance(found, Unknown) else found
            case ast.Starred(value=value):
                return self.term(value, state)
            case ast.Await(value=value):
                return self.term(value, state)
            case _:
                return self.trace.unknown(node, f"expression {type(node).__name__.lower()}")

    def _negative(self, term: Term, node: ast.expr) -> Term:
        if isinstance(term, Const) and isinstance(term.value, (int, float)):
            return Const(-term.value)
        operand = operand_of(term)
        return self.trace.unknown(node, "arithmetic") if operand is None else Computed(f"-{operand}")

    def _selected_operand(self, node: ast.BoolOp, state: State) -> Term:
        """`a or b` as a value: the first true operand, else the last."""
        if all(_is_condition(value) for value in node.values):
            return Bool(self.conditions.condition(node, state))
        is_or = isinstance(node.op, ast.Or)
        cases: list[tuple[Formula, Term]] = []
        open_: Formula = TRUE
        path = state.path
        try:
            for index, value in enumerate(node.values):
                term = self.term(value, state)
                if index == len(node.values) - 1:
                    cases.append((open_, term))
                    break
                holds = self.conditions.truth(term, value)
                stops = holds if is_or else negate(holds)
                cases.append((all_of((open_, stops)), term))
                open_ = all_of((open_, negate(stops)))
                state.path = (*path, open_)
        finally:
            state.path = path
        if any(isinstance(term, Bool) for _, term in cases):
            return Bool(self.conditions.condition(node, state))
        return choose(cases, ast.unparse(node), self.trace.place(node))

    def _either(self, test: ast.expr, body: ast.expr, orelse: ast.expr, state: State) -> Term:
        when = self.conditions.condition(test, state)
        if when == TRUE:
            return self.term(body, state)
        if when == FALSE:
            return self.term(orelse, state)
        with state.under(when):
            yes = self.term(body, state)
        with state.under(negate(when)):
            no = self.term(orelse, state)
        return choose(((when, yes), (negate(when), no)), ast.unparse(test), self.trace.place(test))


def _is_condition(node: ast.expr) -> bool:
    return isinstance(node, (ast.Compare, ast.BoolOp)) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )
