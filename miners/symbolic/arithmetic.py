"""Arithmetic on symbolic values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from miners.logic.formulas import Formula, atom
from miners.symbolic.cases import map_cases
from miners.symbolic.constants import as_constant, is_sayable, plain
from miners.symbolic.templates import template_of
from miners.symbolic.terms import (
    Choice,
    Computed,
    Const,
    Items,
    Selected,
    Term,
    Text,
    Unknown,
    operand_of,
    subject_of,
)

_PYTHON: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
    "|": operator.or_,
    "&": operator.and_,
}


_SPOKEN: Final = frozenset({"+", "-", "*", "//", "/", "%"})


def arithmetic(op: str, left: Term, right: Term, text: str, place: str) -> Term:
    """A binary operation."""
    if isinstance(left, Choice):
        return map_cases(left, lambda value: arithmetic(op, value, right, text, place))
    if isinstance(right, Choice):
        return map_cases(right, lambda value: arithmetic(op, left, value, text, place))
    left, right = as_constant(left), as_constant(right)
    if op == "+" and (_is_text(left) or _is_text(right)):
        return Text(template_of(left, text) + template_of(right, text))
    if isinstance(left, Const) and isinstance(right, Const):
        if op == "**" and not (isinstance(right.value, int) and abs(right.value) < 1024):
            return Unknown(text, place, "large power")
        try:
            return Const(_PYTHON[op](left.value, right.value))
        except Exception:
            return Unknown(text, place, "constant arithmetic")
    if op == "+" and (isinstance(left, Items) or isinstance(right, Items)):
        parts = [_elements(part) for part in (left, right)]
        if None not in parts:
            return Items(tuple(item for part in parts if part is not None for item in part))
    if op == "-" and isinstance(right, Const) and isinstance(right.value, (set, frozenset)):
        return _without(left, right.value, text, place)
    first, second = operand_of(left), operand_of(right)
    if op in _SPOKEN and first is not None and second is not None:
        return Computed(f"{first} {op} {second}")
    for part in (left, right):
        if isinstance(part, Unknown):
            return part
    return Unknown(text, place, "arithmetic")


def _without(left: Term, known: set[Any] | frozenset[Any], text: str, place: str) -> Term:
    """`set(field) - {…}`: the elements that are not among the known ones."""
    subject = (subject_of(left) or "").removeprefix("distinct(").removesuffix(")")
    members = plain(known)
    if not subject or "(" in subject or not all(is_sayable(member) for member in members):
        return Unknown(text, place, "arithmetic")
    return Selected(atom(f"each({subject})", "not_in", members))


def _is_text(term: Term) -> bool:
    return isinstance(term, Text) or (isinstance(term, Const) and isinstance(term.value, str))


def _elements(term: Term) -> tuple[Term, ...] | None:
    if isinstance(term, Items):
        return term.items
    if isinstance(term, Const) and isinstance(term.value, (list, tuple)):
        return tuple(Const(value) for value in term.value)
    return None


def remainder(left: Term, right: Term, equal: bool) -> Formula | None:
    """`left % right == 0`, or its negation, if a predicate can express both."""
    subject, divisor = subject_of(left), subject_of(right)
    op = "divisible_by" if equal else "not_divisible_by"
    if subject is None:
        return None
    if isinstance(right, Const) and isinstance(right.value, (int, float)) and right.value:
        return atom(subject, op, right.value)
    return None if divisor is None else atom(subject, op, f"@{divisor}")
