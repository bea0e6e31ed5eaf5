"""Assignments to a local, a field of the object, or an entry of a table."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import final

from miners.code.definitions import ModuleName, absolute_import
from miners.logic.formulas import Opaque, negate
from miners.static.attributes import Attributes
from miners.static.effects import EffectKind
from miners.static.elements import Elements
from miners.static.formatting import template_or_none
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.parts import Evaluates
from miners.static.state import State
from miners.static.trace import Trace
from miners.symbolic.cases import alike, choose
from miners.symbolic.opacity import RUN_TIME
from miners.symbolic.terms import Const, Field, Given, Instance, Table, Term, Unknown, elements_of


@final
@dataclass(frozen=True, slots=True, eq=False)
class Assignments:
    """The values of names, fields and entries from here on."""

    known: Known
    trace: Trace
    values: Evaluates
    attributes: Attributes
    elements: Elements

    def enter(self, item: ast.withitem, state: State) -> None:
        """`with … as name`: the value of a context manager is unknown."""
        if item.optional_vars is not None:
            self.elements.bind(item.optional_vars, self.trace.unknown(item.context_expr, "context manager"), state)

    def assign(self, target: ast.expr, term: Term, node: ast.stmt, state: State) -> None:
        match target:
            case ast.Attribute(value=owner, attr=name):
                instance = self.values.term(owner, state)
                if isinstance(instance, Field):
                    instance = self.known.instance_at(instance.path) or instance
                if isinstance(instance, Instance):
                    self._assign_field(instance.prefix + name, term, node, state)
            case ast.Subscript(value=owner, slice=index):
                self._assign_item(self.values.term(owner, state), index, term, node, state)
            case ast.Tuple(elts=elts) if any(isinstance(element, ast.Attribute) for element in elts):
                parts = elements_of(term, MOST_UNROLLED)
                for position, element in enumerate(elts):
                    known = parts is not None and len(parts) == len(elts)
                    rest = term if isinstance(term, Unknown) else self.trace.unknown(target, "unpacking")
                    part = parts[position] if known and parts else rest
                    self.assign(element, self._handed_back(element, part, node, state), node, state)
            case _:
                self.elements.bind(target, term, state)

    def _handed_back(self, target: ast.expr, term: Term, node: ast.stmt, state: State) -> Term:
        """The result of a run-time function that receives a value: the same value, or another that is unknown."""
        call = node.value if isinstance(node, ast.Assign) else None
        if not (isinstance(term, Unknown) and term.shape == RUN_TIME and isinstance(call, ast.Call)):
            return term
        text = ast.unparse(target)
        handed = [one for one in (*call.args, *(k.value for k in call.keywords)) if ast.unparse(one) == text]
        if not handed:
            return term
        same = Opaque(f"{ast.unparse(call.func)}(…) leaves {text}", self.trace.place(node), shape=RUN_TIME)
        return choose(((same, self.values.term(handed[0], state)), (negate(same), term)))

    def _assign_field(self, path: str, term: Term, node: ast.stmt, state: State) -> None:
        before = state.fields.get(path) or self.known.initial(path)
        fact = self.known.fact(path)
        if fact is not None and fact.init and before is not None and not alike(before, term):
            self.trace.effect(EffectKind.SELF_ASSIGN, node, state.guard, target=path, value=term)
        state.fields[path] = term

    def _assign_item(self, owner: Term, index: ast.expr, term: Term, node: ast.stmt, state: State) -> None:
        if isinstance(index, ast.Slice):
            return
        key = self.values.term(index, state)
        if isinstance(owner, Table):
            text = template_or_none(term)
            if (
                isinstance(key, Const)
                and isinstance(key.value, str)
                and text is not None
                and self.known.fact(key.value)
            ):
                self.trace.effect(EffectKind.MINOR_ISSUE, node, state.guard, template=text, target=key.value)
            owner.entries.append((key, state.guard, term))
        elif isinstance(owner, Given) and isinstance(key, Const) and isinstance(key.value, str):
            self._assign_field(owner.prefix + key.value, term, node, state)

    def import_from(self, node: ast.ImportFrom, state: State) -> None:
        source = self.known.reader.module(self.trace.frame.module)
        if source is None:
            return
        origin = absolute_import(node, source)
        for alias in node.names:
            name = alias.asname or alias.name
            if self.known.context.read(name, "") is not None:
                continue
            found = self.known.reader.member(ModuleName(origin), alias.name)
            if found is None:
                state.env[name] = Unknown(alias.name, self.trace.place(node), "import at run time")
            else:
                state.env[name] = self.attributes.bound(found)
