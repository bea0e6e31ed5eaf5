"""Expressions as symbolic values, conditions as formulas."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Any, Final

from miners.logic.formulas import FALSE, TRUE, Formula, all_of, any_of, atom, negate
from miners.static.attributes import Attributes
from miners.static.state import State
from miners.surface.fields import class_of, field_at
from miners.surface.types import Choice as Alternative
from miners.surface.types import alternatives
from miners.symbolic.arithmetic import arithmetic, remainder
from miners.symbolic.cases import choose, map_cases, over_cases
from miners.symbolic.comparisons import compare
from miners.symbolic.constants import home_of
from miners.symbolic.kinds import instance_of
from miners.symbolic.membership import contains
from miners.symbolic.templates import hole_text, template_of
from miners.symbolic.terms import (
    NONE,
    Bool,
    Choice,
    Computed,
    Const,
    Count,
    Entry,
    Field,
    Given,
    Items,
    Table,
    Term,
    Text,
    TypeOf,
    Unknown,
    elements_of,
    is_stand_in,
    operand_of,
    subject_of,
)
from miners.symbolic.texts import FirstLetter, FirstPiece, Pieces
from miners.symbolic.truth import truth

MOST_UNROLLED: Final = 40
_END: Final = re.compile(r"(?:first|last)\(([\w.]+)\)")
_SEQUENCES: Final = frozenset({"list", "tuple", "str", "sequence", "none"})
_HOLDERS: Final = frozenset({"list", "tuple", "set", "frozenset", "dict", "none"})
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


class Evaluator(Attributes):
    """Expressions as terms, conditions as formulas."""

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, state: State) -> Term:
        raise NotImplementedError

    # --- conditions -------------------------------------------------------------------------------------------------

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
                with self.under(state, when):
                    yes = self.condition(body, state)
                with self.under(state, negate(when)):
                    no = self.condition(orelse, state)
                return any_of((all_of((when, yes)), all_of((negate(when), no))))
            case _:
                return self._truth(self.term(node, state), node)

    def _truth(self, term: Term, node: ast.expr) -> Formula:
        """`bool(term)`; an object whose class does not say otherwise is true."""
        if isinstance(term, Choice):
            return over_cases(term, lambda value: self._truth(value, node))
        if isinstance(term, Field) and self._is_true_if_given(term.path):
            return atom(term.path, "present")
        return truth(term, _text(node), self.place(node))

    def _is_true_if_given(self, path: str) -> bool:
        """Whether a field holds an object of one class or nothing, whatever is given."""
        fact, instance = self.fact(path), self.instance_at(path)
        if fact is None or instance is None or len({*fact.types} - {"none"}) != 1:
            return False
        parent = path.rpartition(".")[0]
        owner = class_of(field_at(parent, self.facts, self.surface), self.surface) if parent else self.facts
        says = (self.reader.attribute(instance.cls, name) for name in ("__bool__", "__len__"))
        return owner is not None and owner.kind.coerces and not any(says)

    def _junction(self, values: list[ast.expr], state: State, *, all_hold: bool) -> Formula:
        """Operands from left to right, each evaluated where the ones before it let it be."""
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

    @contextmanager
    def under(self, state: State, condition: Formula) -> Iterator[None]:
        path = state.path
        state.path = (*path, condition)
        try:
            yield
        finally:
            state.path = path

    def _comparison(self, node: ast.Compare, state: State) -> Formula:
        left, found = node.left, []
        for op, right in zip(node.ops, node.comparators, strict=True):
            found.append(self._one_comparison(left, op, right, node, state))
            left = right
        return all_of(found)

    def _one_comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, node: ast.Compare, state: State
    ) -> Formula:
        text, place = _text(node), self.place(node)
        if isinstance(op, (ast.In, ast.NotIn)):
            container, item = self.term(right, state), self.term(left, state)
            members = elements_of(container, MOST_UNROLLED)
            item = self._as_meant(item, members[0]) if members else item
            if isinstance(container, Given) and isinstance(item, Const):
                self.asked.add(f"{container.prefix}{item.value}")
            inside = self._in_text(container, item) or contains(
                container, item, text, place, never_text=self._is_never_text(container)
            )
            return inside if isinstance(op, ast.In) else negate(inside)
        name = _COMPARISONS[type(op)]
        if name in ("==", "!=") and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod):
            zero = self.term(right, state)
            if isinstance(zero, Const) and zero.value == 0 and zero.value is not False:
                dividend, divisor = self.term(left.left, state), self.term(left.right, state)
                said = self._remainder(dividend, divisor, equal=name == "==")
                if said is not None:
                    return said
        first, second = self.term(left, state), self.term(right, state)
        first, second = self._as_meant(first, second), self._as_meant(second, first)
        if isinstance(op, (ast.Is, ast.IsNot)) and isinstance(first, TypeOf):
            same_type = instance_of(first.of, second, text, place)
            return same_type if isinstance(op, ast.Is) else negate(same_type)
        return compare(name, first, second, text, place)

    def _as_meant(self, term: Term, constant: Term) -> Term:
        """The constant that a choice names, where the code compares with one that has nothing but its name."""
        if isinstance(term, Choice):
            return map_cases(term, lambda one: self._as_meant(one, constant))
        home = home_of(constant.value) if isinstance(constant, Const) else None
        fact = self.fact(term.path) if isinstance(term, Field) else None
        if home is None or fact is None or not isinstance(constant, Const) or not isinstance(term, Field):
            return term
        choices = [value for one in alternatives(fact.type) if isinstance(one, Alternative) for value in one.values]
        meant = [(one, getattr(home, one, None)) for one in choices if isinstance(one, str)]
        table = tuple((one, value) for one, value in meant if type(value) is type(constant.value))
        return Entry(term.path, table) if table else term

    def _is_never_text(self, container: Term) -> bool:
        """Whether the class sees to it that the field holds no text."""
        fact = self.fact(container.path) if isinstance(container, Field) and self.facts.kind.coerces else None
        return fact is not None and bool(fact.types) and set(fact.types) <= _HOLDERS

    def _in_text(self, container: Term, item: Term) -> Formula | None:
        """`"x" in text`, where nothing but a text can be there: then it speaks of no element."""
        if not (isinstance(item, Const) and isinstance(item.value, str)):
            return None
        fact = self.fact(container.path) if isinstance(container, Field) and self.facts.kind.coerces else None
        made = isinstance(container, Computed) and container.text.startswith(("lower(", "upper(", "strip("))
        if not (made or self._is_end_of_texts(container)) and (
            fact is None or not fact.types or not set(fact.types) <= {"str", "none"}
        ):
            return None
        return atom(subject_of(container) or "", "matches", re.escape(item.value))

    def _is_end_of_texts(self, term: Term) -> bool:
        """Whether it is the first or last of what are texts."""
        found = _END.fullmatch(term.text) if isinstance(term, Computed) else None
        fact = None if found is None else self.fact(found[1])
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

    # --- values -----------------------------------------------------------------------------------------------------

    def term(self, node: ast.expr, state: State) -> Term:
        """The value of an expression."""
        match node:
            case ast.Constant(value=value):
                return Const(value)
            case ast.Name(id=name):
                return self.name(name, node, state)
            case ast.Attribute(value=owner, attr=attribute):
                return self._attribute(node, owner, attribute, state)
            case ast.Call():
                return self.call(node, state)
            case ast.BoolOp() if isinstance(node.op, (ast.Or, ast.And)):
                return self._selected_operand(node, state)
            case ast.UnaryOp(op=ast.Not()) | ast.Compare():
                return Bool(self.condition(node, state))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return map_cases(self.term(operand, state), lambda term: self._negative(term, node))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.term(operand, state)
            case ast.BinOp(left=left, op=ast.Mod(), right=right) if isinstance(left, (ast.Constant, ast.JoinedStr)):
                return self._percent(node, left, right, state)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return arithmetic(
                    _OPERATORS[type(op)], self.term(left, state), self.term(right, state), _text(node), self.place(node)
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._either(test, body, orelse, state)
            case ast.JoinedStr(values=values):
                return self._joined(values, state)
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
                return self._display(node, elts, state)
            case ast.Dict(keys=keys, values=values):
                return self._mapping(keys, values, state)
            case ast.Subscript(value=owner, slice=index):
                return self._subscript(node, self.term(owner, state), index, state)
            case ast.NamedExpr(target=target, value=value):
                found = self.term(value, state)
                state.env[target.id] = found
                return found
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.comprehension(node, state)
            case ast.DictComp(key=key, generators=generators):
                found = self.comprehension(ast.ListComp(elt=key, generators=generators), state)
                return self.unknown(node, "dict comprehension") if isinstance(found, Unknown) else found
            case ast.Starred(value=value):
                return self.term(value, state)
            case ast.Await(value=value):
                return self.term(value, state)
            case _:
                return self.unknown(node, f"expression {type(node).__name__.lower()}")

    def _negative(self, term: Term, node: ast.expr) -> Term:
        if isinstance(term, Const) and isinstance(term.value, (int, float)):
            return Const(-term.value)
        operand = operand_of(term)
        return self.unknown(node, "arithmetic") if operand is None else Computed(f"-{operand}")

    def _attribute(self, node: ast.Attribute, owner: ast.expr, attribute: str, state: State) -> Term:
        chain = _chain(node)
        if chain is not None and chain.partition(".")[0] not in state.env:
            found = self.context.read(chain, self.place(node))
            if found is not None:
                return found
        return map_cases(self.term(owner, state), lambda term: self.attribute(term, attribute, node, state))

    def _selected_operand(self, node: ast.BoolOp, state: State) -> Term:
        """`a or b` as a value: the first true one, else the last."""
        if all(_is_condition(value) for value in node.values):
            return Bool(self.condition(node, state))
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
                holds = self._truth(term, value)
                stops = holds if is_or else negate(holds)
                cases.append((all_of((open_, stops)), term))
                open_ = all_of((open_, negate(stops)))
                state.path = (*path, open_)
        finally:
            state.path = path
        if any(isinstance(term, Bool) for _, term in cases):
            return Bool(self.condition(node, state))
        return choose(cases, _text(node), self.place(node))

    def _either(self, test: ast.expr, body: ast.expr, orelse: ast.expr, state: State) -> Term:
        when = self.condition(test, state)
        if when == TRUE:
            return self.term(body, state)
        if when == FALSE:
            return self.term(orelse, state)
        with self.under(state, when):
            yes = self.term(body, state)
        with self.under(state, negate(when)):
            no = self.term(orelse, state)
        return choose(((when, yes), (negate(when), no)), _text(test), self.place(test))

    # --- texts ------------------------------------------------------------------------------------------------------

    def _joined(self, values: list[ast.expr], state: State) -> Term:
        pieces = []
        for value in values:
            if isinstance(value, ast.FormattedValue):
                text = hole_text(_text(value.value))
                term = self.term(value.value, state)
                as_is = value.conversion == -1 and value.format_spec is None
                quoted = isinstance(term, Const) and isinstance(term.value, str) and value.conversion == ord("r")
                if quoted and isinstance(term, Const):
                    pieces.append(template_of(Const(repr(term.value)), text))
                else:
                    pieces.append(template_of(term, text) if as_is else f"{{{text}}}")
            else:
                pieces.append(template_of(self.term(value, state), ""))
        return Text("".join(pieces))

    def _percent(self, node: ast.BinOp, left: ast.expr, right: ast.expr, state: State) -> Term:
        template = self.term(left, state)
        if isinstance(template, Const) and not isinstance(template.value, str):
            return arithmetic("%", template, self.term(right, state), _text(node), self.place(node))
        operands = right.elts if isinstance(right, ast.Tuple) else [right]
        return Text(self.interpolated(template, operands, state))

    def interpolated(self, template: Term, operands: list[ast.expr], state: State) -> str:
        """`%`-formatting, with a hole for what varies."""
        text = template_of(template, "message")
        rest = iter(operands)

        def fill(match: re.Match[str]) -> str:
            if match.group() == "%%":
                return "%"
            operand = next(rest, None)
            if operand is None:
                return "{}"
            return template_of(self.term(operand, state), _text(operand))

        return re.sub(r"%(?:%|(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdifrgexX])", fill, text)

    # --- collections ------------------------------------------------------------------------------------------------

    def _display(self, node: ast.expr, elts: list[ast.expr], state: State) -> Term:
        items: list[Term] = []
        for element in elts:
            if isinstance(element, ast.Starred):
                inner = elements_of(self.term(element.value, state), MOST_UNROLLED)
                if inner is None:
                    return self.unknown(node, "display with a starred unknown")
                items.extend(inner)
            else:
                items.append(self.term(element, state))
        kinds: dict[type, type] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
        return Items(tuple(items), kinds[type(node)])

    def _mapping(self, keys: list[ast.expr | None], values: list[ast.expr], state: State) -> Term:
        table = Table()
        for key, value in zip(keys, values, strict=True):
            if key is None:
                return Unknown("{**…}", self.place(value), "dict display with an unknown part")
            table.entries.append((self.term(key, state), TRUE, self.term(value, state)))
        return table

    def _subscript(self, node: ast.Subscript, owner: Term, index: ast.expr, state: State) -> Term:
        if isinstance(index, ast.Slice):
            return self.unknown(node, "slice")
        key = self.term(index, state)
        if _chain(node.value) == "os.environ" and isinstance(key, Const):
            return self.context.environment(str(key.value), self.place(node))
        return map_cases(owner, lambda one: map_cases(key, lambda k: self.item(one, k, node)))

    def item(self, owner: Term, key: Term, node: ast.expr) -> Term:
        """`owner[key]`."""
        if isinstance(owner, Unknown):
            return Unknown(hole_text(_text(node)), owner.place, owner.shape)
        if isinstance(owner, Given) and isinstance(key, Const) and isinstance(key.value, str):
            return Field(owner.prefix + key.value)
        if isinstance(owner, Table) and isinstance(key, Const):
            found = [(guard, value) for known, guard, value in owner.entries if known == key]
            return choose(found) if found else self.unknown(node, "missing key")
        if (
            isinstance(owner, Table)
            and (subject_of(key) is not None or isinstance(key, Entry))
            and len(owner.entries) <= MOST_UNROLLED // 4
        ):
            text, place = _text(node), self.place(node)
            return choose(
                (all_of((guard, compare("==", key, known, text, place))), value)
                for known, guard, value in owner.entries
            )
        if isinstance(owner, Pieces) and key == Const(0):
            return FirstPiece(owner)
        if isinstance(owner, Field) and owner.path in self.text_elements and key == Const(0):
            return FirstLetter(owner.path)
        if (
            isinstance(owner, Items)
            and isinstance(key, Const)
            and isinstance(key.value, int)
            and -len(owner.items) <= key.value < len(owner.items)
        ):
            return owner.items[key.value]
        if isinstance(owner, Const):
            return self._of_known(owner.value, key, node)
        if (
            isinstance(owner, Field)
            and isinstance(key, Const)
            and isinstance(key.value, str)
            and key.value.isidentifier()
        ):
            fact = self.fact(owner.path)
            if fact is None or not fact.types or "dict" in fact.types:
                return Field(f"{owner.path}.{key.value}")
        if isinstance(key, Const) and self._is_sequence(owner):
            end = {0: "first", -1: "last"}.get(key.value) if type(key.value) is int else None
            if end is not None:
                return Computed(f"{end}({subject_of(owner)})")
        return self.unknown(node, "subscript")

    def _is_sequence(self, owner: Term) -> bool:
        """Whether nothing but a list or a text can be there to be asked for its first or last."""
        fact = self.fact(owner.path) if isinstance(owner, Field) else None
        if fact is None or not fact.types:
            return isinstance(owner, Field) and is_stand_in(owner.path)
        return set(fact.types) <= _SEQUENCES

    def _of_known(self, value: Any, key: Term, node: ast.expr) -> Term:
        if isinstance(key, Const):
            try:
                return Const(value[key.value])
            except Exception:
                return self.unknown(node, "missing key")
        subject = subject_of(key)
        if subject is None:
            return self.unknown(node, "subscript")
        names: Any = value.__members__ if isinstance(value, type) and issubclass(value, Enum) else value
        if not isinstance(names, Mapping) or not all(isinstance(name, (str, int)) for name in names):
            return self.unknown(node, "subscript")
        self.failures.append(negate(atom(subject, "in", list(names))))
        if len(names) > MOST_UNROLLED // 4:
            return Entry(subject, tuple(names.items()))
        return choose((atom(subject, "==", name), Const(item)) for name, item in names.items())


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


def _chain(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _is_condition(node: ast.expr) -> bool:
    return isinstance(node, (ast.Compare, ast.BoolOp)) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


__all__ = ["NONE", "Count", "Evaluator", "over_cases"]
