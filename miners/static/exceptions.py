"""Caught exceptions: the condition under which a handler runs, and the state after it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from miners.logic.formulas import Formula, Opaque, all_of, any_of, negate
from miners.static.known import Known
from miners.static.parts import WalksBlocks
from miners.static.state import Exit, Flow, Leaving, State, merge
from miners.static.trace import Trace
from miners.symbolic.opacity import MACHINE, OUTSIDE
from miners.symbolic.terms import Unknown, depends_on_config


@final
@dataclass(frozen=True, slots=True, eq=False)
class Exceptions:
    """Walks a `try` statement."""

    known: Known
    trace: Trace
    blocks: WalksBlocks

    def of_try(self, node: ast.Try, state: State) -> Flow:
        names = tuple(name for handler in node.handlers for name in _handled(handler))
        entry = State(dict(state.env), dict(state.fields), state.path)
        with self.trace.guarded(names) as failing:
            flow = self.blocks.block(node.body, state)
        thrown = [one.state for one in flow.exits if one.how is Leaving.CAUGHT]
        exits = [one for one in flow.exits if one.how is not Leaving.CAUGHT]
        ends: list[State] = []
        missed: list[Formula] = []
        for handler in node.handlers:
            entered = self._handler_entry(handler, node, entry, failing, thrown)
            handled = self.blocks.block(handler.body, entered)
            exits.extend(handled.exits)
            ends.extend([handled.live] if handled.live is not None else [])
            if handled.exits:
                missed.append(negate(entered.since(entry)))
        if flow.live is not None:
            through = flow.live.fork(all_of(missed)) if missed else flow.live
            tail = self.blocks.block(node.orelse, through) if node.orelse else Flow(through)
            exits.extend(tail.exits)
            ends.extend([tail.live] if tail.live is not None else [])
        live = merge(entry, ends, complete=not exits and len(ends) > 1, initial=self.known.initial)
        return self._finally(node.finalbody, live, exits) if node.finalbody else Flow(live, exits)

    def _finally(self, body: Sequence[ast.stmt], live: State | None, exits: Sequence[Exit]) -> Flow:
        """Walk the `finally` block, which runs however the statement ends."""
        after = Flow(None) if live is None else self.blocks.block(body, live)
        left = list(after.exits)
        for one in exits:
            final = self.blocks.block(body, one.state)
            left.extend(final.exits)
            if final.live is not None:
                left.append(Exit(one.how, final.live, one.value))
        return Flow(after.live, left)

    def _handler_entry(
        self, handler: ast.ExceptHandler, node: ast.Try, entry: State, failing: list[Formula], thrown: list[State]
    ) -> State:
        """The condition under which the handler runs: known failures of the body, or else an unknown one."""
        ways = [*failing, *(one.since(entry) for one in thrown)]
        text = ast.unparse(node.body[0]).partition("\n")[0]
        shape = self._shape_of_failure(node.body[0], entry)
        condition = any_of(ways) if ways else Opaque(f"`{text}` raises", self.trace.place(node), shape=shape)
        state = entry.fork(condition)
        if handler.name:
            state.env[handler.name] = Unknown(handler.name, self.trace.place(handler), "caught exception")
        return state

    def _shape_of_failure(self, first: ast.stmt, entry: State) -> str:
        """What decides whether the statement raises: the machine, if no field is involved."""
        if isinstance(first, (ast.Import, ast.ImportFrom)):
            return "import that may fail"
        names = [one.id for one in ast.walk(first) if isinstance(one, ast.Name)]
        read = [entry.env[name] for name in names if name in entry.env]
        outside = next((one.shape for one in read if isinstance(one, Unknown) and one.shape in OUTSIDE), None)
        if outside is not None:
            return outside
        return "exception in try" if any(map(depends_on_config, read)) else MACHINE


def _handled(handler: ast.ExceptHandler) -> tuple[str, ...]:
    match handler.type:
        case None:
            return ("BaseException",)
        case ast.Tuple(elts=elts):
            return tuple(ast.unparse(element).rpartition(".")[2] for element in elts)
        case kind:
            return (ast.unparse(kind).rpartition(".")[2],)
