"""Branches: the states where a condition holds and where it does not."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from miners.logic.formulas import FALSE, TRUE, Formula, Opaque, all_of, any_of, negate
from miners.static.known import Known
from miners.static.parts import Evaluates, WalksBlocks
from miners.static.state import Flow, State, merge
from miners.static.trace import Trace
from miners.symbolic.comparisons import compare
from miners.symbolic.kinds import instance_of
from miners.symbolic.terms import Const, Term


@final
@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """Walks an `if` or a `match` statement."""

    known: Known
    trace: Trace
    values: Evaluates
    blocks: WalksBlocks

    def of_if(self, node: ast.If, state: State) -> Flow:
        condition = self.values.condition(node.test, state)
        if condition == TRUE:
            return self.blocks.block(node.body, state)
        if condition == FALSE:
            return self.blocks.block(node.orelse, state)
        return self._branches([(condition, node.body), (negate(condition), node.orelse)], state)

    def _branches(self, branches: Sequence[tuple[Formula, Sequence[ast.stmt]]], state: State) -> Flow:
        flows = [self.blocks.block(body, state.fork(guard)) for guard, body in branches]
        exits = [one for flow in flows for one in flow.exits]
        live = merge(
            state, [f.live for f in flows if f.live is not None], complete=not exits, initial=self.known.initial
        )
        return Flow(live, exits)

    def of_match(self, node: ast.Match, state: State) -> Flow:
        subject = self.values.term(node.subject, state)
        open_: Formula = TRUE
        branches: list[tuple[Formula, Sequence[ast.stmt]]] = []
        for case in node.cases:
            fits = self._pattern(case.pattern, subject, state)
            if case.guard is not None:
                fits = all_of((fits, self.values.condition(case.guard, state)))
            branches.append((all_of((open_, fits)), case.body))
            open_ = all_of((open_, negate(fits)))
        branches.append((open_, []))
        return self._branches([branch for branch in branches if branch[0] != FALSE], state)

    def _pattern(self, pattern: ast.pattern, subject: Term, state: State) -> Formula:
        place = self.trace.place(pattern)
        match pattern:
            case ast.MatchValue(value=value):
                return compare("==", subject, self.values.term(value, state), ast.unparse(value), place)
            case ast.MatchSingleton(value=value):
                return compare("==", subject, Const(value), repr(value), place)
            case ast.MatchOr(patterns=patterns):
                return any_of(self._pattern(one, subject, state) for one in patterns)
            case ast.MatchAs(pattern=None, name=name):
                if name is not None:
                    state.env[name] = subject
                return TRUE
            case ast.MatchClass(cls=cls, patterns=[], kwd_patterns=[]):
                return instance_of(subject, self.values.term(cls, state), ast.unparse(cls), place)
            case _:
                return Opaque(ast.unparse(pattern), place, shape="match pattern")
