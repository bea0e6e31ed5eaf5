"""Conditions in code as formulas."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final, final

from miners.logic.formulas import TRUE, Formula, all_of, any_of, atom, negate
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.parts import Evaluates
from miners.static.state import State
from miners.static.trace import Trace
from miners.surface.facts import FieldFact
from miners.surface.types import ChoiceType, alternatives
from miners.symbolic.arithmetic import remainder
from miners.symbolic.cases import map_cases, over_cases
from miners.symbolic.comparisons import compare
from miners.symbolic.constants import home_of
from miners.symbolic.kinds import instance_of
from miners.symbolic.membership import contains
from miners.symbolic.terms import (
    Choice,
    Computed,
    Const,
    Entry,
    Field,
    Given,
    Term,
    TypeOf,
    elements_of,
    subject_of,
)
from miners.symbolic.truth import truth

_END: Final = re.compile(r"(?:first|last)\(([\w.]+)\)")


_HOLDERS: Final = frozenset({"list", "tuple", "set", "frozenset", "dict", "none"})


_COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "==",
    ast.IsNot: "!=",
}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """The formula under which an expression is true."""

    known: Known
    trace: Trace
    values: Evaluates

    def condition(self, node: ast.expr, state: State) -> Formula:
        """The truth of an expression."""
        match node:
            case ast.BoolOp(op=op, values=values):
                return self._junction(values, state, all_hold=isinstance(op, ast.And))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return negate(self.condition(operand, state))
            case ast.Compare():
                return self._comparison(node, state)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                when = self.condition(test, state)
                with state.under(when):
                    yes = self.condition(body, state)
                with state.under(negate(when)):
                    no = self.condition(orelse, state)
                return any_of((all_of((when, yes)), all_of((negate(when), no))))
            case _:
                return self.truth(self.values.term(node, state), node)

    def truth(self, term: Term, node: ast.expr) -> Formula:
        """`bool(term)`. An object is true unless its class defines otherwise."""
        if isinstance(term, Choice):
            return over_cases(term, lambda value: self.truth(value, node))
        if isinstance(term, Field) and self.known.is_true_if_given(term.path):
            return atom(term.path, "present")
        return truth(term, ast.unparse(node), self.trace.place(node))

    def _junction(self, values: list[ast.expr], state: State, *, all_hold: bool) -> Formula:
        """Operands from left to right; each one is evaluated only if the ones before it allow it."""
        found: list[Formula] = []
        path = state.path
        try:
            for value in values:
                formula = self.condition(value, state)
                found.append(formula)
                state.path = (*state.path, formula if all_hold else negate(formula))
        finally:
            state.path = path
        return all_of(found) if all_hold else any_of(found)

    def _comparison(self, node: ast.Compare, state: State) -> Formula:
        left, found = node.left, []
        for op, right in zip(node.ops, node.comparators, strict=True):
            found.append(self._one_comparison(left, op, right, node, state))
            left = right
        return all_of(found)

    def _one_comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, node: ast.Compare, state: State
    ) -> Formula:
        text, place = ast.unparse(node), self.trace.place(node)
        if isinstance(op, (ast.In, ast.NotIn)):
            inside = self._inside(self.values.term(right, state), self.values.term(left, state), text, place)
            return inside if isinstance(op, ast.In) else negate(inside)
        name = _COMPARISONS[type(op)]
        if name in ("==", "!=") and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod):
            zero = self.values.term(right, state)
            if isinstance(zero, Const) and zero.value == 0 and zero.value is not False:
                dividend, divisor = self.values.term(left.left, state), self.values.term(left.right, state)
                said = self._remainder(dividend, divisor, equal=name == "==")
                if said is not None:
                    return said
        first, second = self.values.term(left, state), self.values.term(right, state)
        first, second = self._as_meant(first, second), self._as_meant(second, first)
        if isinstance(op, (ast.Is, ast.IsNot)) and isinstance(first, TypeOf):
            same_type = instance_of(first.of, second, text, place)
            return same_type if isinstance(op, ast.Is) else negate(same_type)
        return compare(name, first, second, text, place)

    def _inside(self, container: Term, item: Term, text: str, place: str) -> Formula:
        members = elements_of(container, MOST_UNROLLED)
        item = self._as_meant(item, members[0]) if members else item
        if isinstance(container, Given) and isinstance(item, Const):
            self.trace.asked.add(f"{container.prefix}{item.value}")
        never_text, may_map = self._is_never_text(container), self._is_untold_part(container)
        said = self._in_text(container, item)
        return said or contains(container, item, text, place, never_text=never_text, may_map=may_map)

    def _is_untold_part(self, container: Term) -> bool:
        """Whether it is a part of a field of which nobody says what it is: it may be a mapping."""
        return isinstance(container, Field) and "." in container.path and self.known.fact(container.path) is None

    def _as_meant(self, term: Term, constant: Term) -> Term:
        """The constant that a choice names, if the code compares it with a constant known by its name only."""
        if isinstance(term, Choice):
            return map_cases(term, lambda one: self._as_meant(one, constant))
        home = home_of(constant.value) if isinstance(constant, Const) else None
        fact = self.known.fact(term.path) if isinstance(term, Field) else None
        if home is None or fact is None or not isinstance(constant, Const) or not isinstance(term, Field):
            return term
        choices = [value for one in alternatives(fact.type) if isinstance(one, ChoiceType) for value in one.values]
        meant = [(one, getattr(home, one, None)) for one in choices if isinstance(one, str)]
        table = tuple((one, value) for one, value in meant if type(value) is type(constant.value))
        return Entry(term.path, table) if table else term

    def _is_never_text(self, container: Term) -> bool:
        """Whether the class guarantees that the field holds no text."""
        fact = self._coerced(container)
        return fact is not None and bool(fact.types) and set(fact.types) <= _HOLDERS

    def _coerced(self, container: Term) -> FieldFact | None:
        """The fact of a field whose class converts every value to the declared type; None for other fields."""
        coerces = self.known.facts.kind.coerces
        return self.known.fact(container.path) if isinstance(container, Field) and coerces else None

    def _in_text(self, container: Term, item: Term) -> Formula | None:
        """`"x" in text`, where the container can only be a text: then `in` does not ask for an element."""
        if not (isinstance(item, Const) and isinstance(item.value, str)):
            return None
        fact = self._coerced(container)
        made = isinstance(container, Computed) and container.text.startswith(("lower(", "upper(", "strip("))
        if not (made or self._is_end_of_texts(container)) and (
            fact is None or not fact.types or not set(fact.types) <= {"str", "none"}
        ):
            return None
        return atom(subject_of(container) or "", "matches", re.escape(item.value))

    def _is_end_of_texts(self, term: Term) -> bool:
        """Whether it is the first or last one of several texts."""
        found = _END.fullmatch(term.text) if isinstance(term, Computed) else None
        fact = None if found is None else self.known.fact(found[1])
        return fact is not None and fact.element_types == ("str",)

    def _remainder(self, dividend: Term, divisor: Term, *, equal: bool) -> Formula | None:
        cases = dividend.cases if isinstance(dividend, Choice) else ((TRUE, dividend),)
        divisors = divisor.cases if isinstance(divisor, Choice) else ((TRUE, divisor),)
        found: list[Formula] = []
        for guard, term in cases:
            for other_guard, other in divisors:
                said = remainder(term, other, equal)
                if said is None:
                    return None
                found.append(all_of((guard, other_guard, said)))
        return any_of(found)
