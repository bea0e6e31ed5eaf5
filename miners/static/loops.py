"""Loops: one round per element if they are known, else one round that represents all."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from miners.logic.formulas import TRUE, Formula, Opaque, all_of, any_of, none_of
from miners.static.elements import Elements, close_elements
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.parts import Evaluates, WalksBlocks
from miners.static.state import Exit, Flow, Leaving, State, merge
from miners.static.trace import Trace
from miners.symbolic.cases import alike, choose
from miners.symbolic.neighbours import with_neighbours
from miners.symbolic.terms import (
    NONE,
    Choice,
    Const,
    Items,
    Table,
    Term,
    Text,
    Unknown,
    Worklist,
    elements_of,
    in_any_order,
)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Loops:
    """Walks the rounds of a loop and combines their states."""

    known: Known
    trace: Trace
    values: Evaluates
    blocks: WalksBlocks
    elements: Elements

    def of_for(self, node: ast.For, state: State) -> Flow:
        node = with_neighbours(node)
        collection = in_any_order(self.values.term(node.iter, state))
        known = elements_of(collection, MOST_UNROLLED)
        if isinstance(collection, Items) and collection.kind is tuple and _is_view(node.iter):
            known = None
        if known is not None:
            return self._unrolled(node, known, state)
        if isinstance(collection, Choice):
            return self._for_cases(node, collection, state)
        return self._for_each(node, collection, state)

    def _for_cases(self, node: ast.For, collection: Choice, state: State) -> Flow:
        flows: list[Flow] = []
        for guard, value in collection.cases:
            inner = state.fork(guard)
            known = elements_of(value, MOST_UNROLLED)
            flows.append(
                self._unrolled(node, known, inner) if known is not None else self._for_each(node, value, inner)
            )
        exits = [one for flow in flows for one in flow.exits]
        live = merge(
            state, [f.live for f in flows if f.live is not None], complete=not exits, initial=self.known.initial
        )
        return Flow(live, exits)

    def _unrolled(self, node: ast.For, elements: Sequence[Term], state: State) -> Flow:
        exits: list[Exit] = []
        broken: list[State] = []
        live: State | None = state
        for element in elements:
            if live is None:
                break
            entry = State(dict(live.env), dict(live.fields), live.path)
            self.elements.bind(node.target, element, live)
            flow = self.blocks.block(node.body, live)
            going = [one.state for one in flow.exits if one.how is Leaving.CONTINUE]
            if flow.live is not None:
                going.append(flow.live)
            broken.extend(one.state for one in flow.exits if one.how is Leaving.BREAK)
            leaving = [one for one in flow.exits if one.how in (Leaving.RETURN, Leaving.CAUGHT)]
            exits.extend(leaving)
            left = leaving or any(one.how is Leaving.BREAK for one in flow.exits)
            live = merge(entry, going, complete=not left, initial=self.known.initial)
        if live is not None and node.orelse:
            flow = self.blocks.block(node.orelse, live)
            exits.extend(flow.exits)
            live = flow.live
        if broken:
            live = merge(
                state, [*broken, *([live] if live is not None else [])], complete=not exits, initial=self.known.initial
            )
        return Flow(live, exits)

    def _for_each(self, node: ast.For, collection: Term, state: State) -> Flow:
        """One round for an element that represents all."""
        inner = State(dict(state.env), dict(state.fields), state.path)
        opened = self.elements.open_element(collection, node.target, inner)
        if opened is None:
            shape = (
                collection.shape
                if isinstance(collection, Unknown)
                else f"loop over {type(collection).__name__.lower()}"
            )
            self.bind_unknown(node.target, node.iter, shape, inner)
            opened = {}
            inner = inner.fork(
                Opaque(
                    f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}", self.trace.place(node), shape=shape
                )
            )
        flow = self._round(node.body, inner, opened)
        ends = [one.state for one in flow.exits if one.how in (Leaving.CONTINUE, Leaving.BREAK)]
        ends.extend([flow.live] if flow.live is not None else [])
        after = self._after_loop(state, ends, opened, node)
        exits: list[Exit] = []
        for one in flow.exits:
            if one.how in (Leaving.RETURN, Leaving.CAUGHT):
                met = close_elements(one.state.since(state), opened)
                exits.append(Exit(one.how, State(one.state.env, one.state.fields, (*state.path, met)), one.value))
                after.path = (*after.path, none_of(met, "no round of the loop returns", self.trace.place(node)))
        return Flow(after, exits)

    def _round(self, body: Sequence[ast.stmt], inner: State, opened: Mapping[str, str]) -> Flow:
        """One round of a loop; its effects become conditions on the elements."""
        first = len(self.trace.effects)
        flow = self.blocks.block(body, inner)
        self.trace.rewrite(first, lambda effect: replace(effect, guard=close_elements(effect.guard, opened)))
        return flow

    def bind_unknown(self, target: ast.expr, iterated: ast.expr, shape: str, state: State) -> None:
        for name in (one.id for one in ast.walk(target) if isinstance(one, ast.Name)):
            state.env[name] = Unknown(name, self.trace.place(iterated), shape)

    def _after_loop(self, state: State, ends: Sequence[State], opened: Mapping[str, str], node: ast.For) -> State:
        """A local or field that a round may have set: the new value if some element leads there, else the old one."""
        after = State(dict(state.env), dict(state.fields), state.path)
        for kind in ("env", "fields"):
            before: dict[str, Term] = getattr(state, kind)
            result: dict[str, Term] = getattr(after, kind)
            for end in ends:
                for name, term in getattr(end, kind).items():
                    old = before.get(name) or (self.known.initial(name) if kind == "fields" else None)
                    if old is term or (old is not None and alike(old, term)):
                        continue
                    if isinstance(term, Table):
                        result[name] = self._closed_table(term, opened)
                    elif old is not None:
                        result[name] = self._set_in_round(end.since(state), term, old, opened, node)
                    else:
                        result[name] = Unknown(name, self.trace.place(node), "set in a loop")
        for table in {id(t): t for t in (*state.env.values(),) if isinstance(t, Table)}.values():
            self._close_entries(table, opened)
        return after

    def _closed_table(self, table: Table, opened: Mapping[str, str]) -> Table:
        self._close_entries(table, opened)
        return table

    def _close_entries(self, table: Table, opened: Mapping[str, str]) -> None:
        table.entries[:] = [(key, close_elements(guard, opened), value) for key, guard, value in table.entries]

    def _set_in_round(self, reached: Formula, term: Term, old: Term, opened: Mapping[str, str], node: ast.For) -> Term:
        cases = term.cases if isinstance(term, Choice) else ((TRUE, term),)
        found: list[tuple[Formula, Term]] = []
        for guard, value in cases:
            if alike(value, old):
                continue
            if not isinstance(value, (Const, Text)):
                return Unknown("value set in a loop", self.trace.place(node), "set in a loop")
            found.append((close_elements(all_of((reached, guard)), opened), value))
        if not found:
            return old
        rest = none_of(any_of(guard for guard, _ in found), "no element sets it", self.trace.place(node))
        return choose([*found, (rest, old)])

    def of_while(self, node: ast.While, state: State) -> Flow:
        waiting = state.env.get(node.test.id) if isinstance(node.test, ast.Name) else None
        exits = self._worked_off(node, waiting, state) if isinstance(waiting, Items) else self._any_round(node, state)
        after = State(dict(state.env), dict(state.fields), state.path)
        for name in _assigned(node.body):
            after.env[name] = Unknown(name, self.trace.place(node), "set in a while loop")
        return Flow(after, [one for one in exits if one.how in (Leaving.RETURN, Leaving.CAUGHT)])

    def _any_round(self, node: ast.While, state: State) -> list[Exit]:
        """One round about which nothing is known, neither whether it runs nor its element."""
        inner = State(dict(state.env), dict(state.fields), state.path)
        for name in _assigned(node.body):
            inner.env[name] = Unknown(name, self.trace.place(node), "set in a while loop")
        inner = inner.fork(Opaque(f"while {ast.unparse(node.test)}", self.trace.place(node), shape="while loop"))
        return self.blocks.block(node.body, inner).exits

    def _worked_off(self, node: ast.While, waiting: Items, state: State) -> list[Exit]:
        """One round for each item of a work list, and one for the items that each of these adds."""
        name = ast.unparse(node.test)
        exits: list[Exit] = []
        further: list[tuple[Formula, Term]] = []
        for item in waiting.items:
            work = Worklist(item)
            exits.extend(self.blocks.block(node.body, state.entered({**state.env, name: work})).exits)
            further.extend(work.further)
        for guard, collection in further:
            inner = State({**state.env, name: NONE}, dict(state.fields), (guard,))
            opened = self.elements.open_element(collection, ast.Name(name, ast.Store()), inner)
            if opened is not None:
                inner.env[name] = Worklist(inner.env[name])
                exits.extend(self._round(node.body, inner, opened).exits)
        return exits


def _assigned(body: Sequence[ast.stmt]) -> list[str]:
    names = {
        one.id: None
        for statement in body
        for one in ast.walk(statement)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    return list(names)


def _is_view(node: ast.expr) -> bool:
    """Whether the iterable yields pairs, of which only the subjects may be known."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("items", "enumerate", "zip")
