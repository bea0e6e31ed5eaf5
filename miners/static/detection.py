"""Statements with an effect: raised, asserted and announced messages, and their conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from miners.logic.formulas import FALSE, TRUE, Formula, all_of, negate
from miners.static.effects import EffectKind, announcement
from miners.static.formatting import Formatting, template_or_none
from miners.static.parts import Evaluates
from miners.static.state import Exit, Flow, Leaving, State
from miners.static.trace import Trace
from miners.symbolic.terms import Choice


@final
@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """The effects of single statements."""

    trace: Trace
    values: Evaluates
    formatting: Formatting

    def of_raise(self, node: ast.Raise, state: State) -> Flow:
        if node.exc is None:
            self.trace.effect(EffectKind.RAISE, node, state.guard, handled=True)
            return Flow(None)
        name, message = _exception(node.exc)
        if isinstance(node.exc, ast.Name) and node.exc.id in state.env:
            self.trace.effect(EffectKind.RAISE, node, state.guard, exception=name)
            return Flow(None)
        caught = self.trace.is_caught(name)
        for guard, template in self._messages(message, state):
            self.trace.may_raise(node, all_of((state.guard, guard)), name, template)
        return Flow(None, [Exit(Leaving.CAUGHT, state)] if caught else [])

    def _messages(self, message: ast.expr | None, state: State) -> Iterator[tuple[Formula, str | None]]:
        if message is None:
            yield TRUE, None
            return
        term = self.values.term(message, state)
        for guard, value in term.cases if isinstance(term, Choice) else ((TRUE, term),):
            yield guard, template_or_none(value)

    def of_assert(self, node: ast.Assert, state: State) -> Flow:
        holds = self.values.condition(node.test, state)
        if holds != TRUE:
            caught = self.trace.is_caught("AssertionError")
            with state.under(negate(holds)):
                for guard, template in self._messages(node.msg, state):
                    self.trace.effect(
                        EffectKind.ASSERT,
                        node,
                        all_of((state.guard, guard)),
                        template=template,
                        handled=caught,
                        exception="AssertionError",
                    )
        return Flow(None if holds == FALSE else state)

    def expression(self, value: ast.expr, node: ast.stmt, state: State) -> None:
        if isinstance(value, ast.Call):
            kind = announcement(value)
            if kind is not None:
                for guard, template in self._announced(value, kind, state):
                    self.trace.effect(kind, node, all_of((state.guard, guard)), template=template)
                return
        self.values.term(value, state)

    def _announced(self, call: ast.Call, kind: EffectKind, state: State) -> Iterator[tuple[Formula, str | None]]:
        message = (
            call.args[0] if call.args else next((k.value for k in call.keywords if k.arg in ("msg", "message")), None)
        )
        operands = call.args[1:] if kind.detector.fills_in else []
        if message is None:
            yield TRUE, None
            return
        term = self.values.term(message, state)
        for guard, value in term.cases if isinstance(term, Choice) else ((TRUE, term),):
            text = template_or_none(value)
            if text is not None and operands:
                text = self.formatting.interpolated(value, operands, state)
            yield guard, text


def _exception(node: ast.expr) -> tuple[str, ast.expr | None]:
    """The name of the raised exception, and its message."""
    if not isinstance(node, ast.Call):
        return ast.unparse(node).rpartition(".")[2], None
    name = ast.unparse(node.func).rpartition(".")[2]
    message = next((k.value for k in node.keywords if k.arg in ("message", "msg")), None)
    return name, node.args[0] if node.args else message
