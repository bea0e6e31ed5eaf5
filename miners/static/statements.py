"""Statements, one after another."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from miners.code.definitions import FunctionSource
from miners.static.assignments import Assignments
from miners.static.branches import Branches
from miners.static.detection import Detection
from miners.static.exceptions import Exceptions
from miners.static.limits import MOST_EFFECTS
from miners.static.loops import Loops
from miners.static.parts import Evaluates
from miners.static.state import Exit, Flow, Leaving, State
from miners.static.trace import Trace
from miners.symbolic.terms import NONE, CallableTerm


@final
@dataclass(frozen=True, slots=True, eq=False)
class Statements:
    """Walks a block statement by statement."""

    trace: Trace
    values: Evaluates
    assignments: Assignments
    detection: Detection
    branches: Branches
    loops: Loops
    exceptions: Exceptions

    def block(self, statements: Sequence[ast.stmt], state: State) -> Flow:
        """Walk the statements until no path continues."""
        exits: list[Exit] = []
        live: State | None = state
        with self.trace.numbered_block():
            for statement in statements:
                if live is None or len(self.trace.effects) > MOST_EFFECTS:
                    break
                flow = self._statement(statement, live)
                exits.extend(flow.exits)
                live = flow.live
        return Flow(live, exits)

    def _statement(self, node: ast.stmt, state: State) -> Flow:
        self.trace.visited.add((self.trace.frame.path, node.lineno))
        match node:
            case ast.If():
                return self.branches.of_if(node, state)
            case ast.Return(value=value):
                found = self.values.term(value, state) if value is not None else NONE
                return Flow(None, [Exit(Leaving.RETURN, state, found)])
            case ast.Raise():
                return self.detection.of_raise(node, state)
            case ast.Assert():
                return self.detection.of_assert(node, state)
            case ast.Assign(targets=targets, value=value):
                term = self.values.term(value, state)
                for target in targets:
                    self.assignments.assign(target, term, node, state)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assignments.assign(target, self.values.term(value, state), node, state)
            case ast.AugAssign(target=target):
                self.assignments.assign(target, self.values.term(_combined(node), state), node, state)
            case ast.Expr(value=value):
                self.detection.expression(value, node, state)
            case ast.For():
                return self.loops.of_for(node, state)
            case ast.While():
                return self.loops.of_while(node, state)
            case ast.Try():
                return self.exceptions.of_try(node, state)
            case ast.With(items=items, body=body):
                for item in items:
                    self.values.term(item.context_expr, state)
                    self.assignments.enter(item, state)
                return self.block(body, state)
            case ast.Match():
                return self.branches.of_match(node, state)
            case ast.Break():
                return Flow(None, [Exit(Leaving.BREAK, state)])
            case ast.Continue():
                return Flow(None, [Exit(Leaving.CONTINUE, state)])
            case ast.ImportFrom():
                self.assignments.import_from(node, state)
            case ast.Import(names=names):
                _forget((one.name.partition(".")[0] for one in names if one.asname is None), state)
            case ast.FunctionDef():
                local = FunctionSource(self.trace.frame.module, f"{self.trace.frame.method}.{node.name}", node)
                state.env[node.name] = CallableTerm(local)
            case ast.Delete(targets=targets):
                _forget((one.id for one in targets if isinstance(one, ast.Name)), state)
            case _:
                pass
        return Flow(state)


def _combined(node: ast.AugAssign) -> ast.BinOp:
    """`x += y` as the expression `x + y` that it assigns."""
    load = ast.copy_location(ast.parse(ast.unparse(node.target), mode="eval").body, node.target)
    return ast.fix_missing_locations(ast.copy_location(ast.BinOp(load, node.op, node.value), node))


def _forget(names: Iterable[str], state: State) -> None:
    for name in names:
        state.env.pop(name, None)
