"""Python's operators on symbolic values: the formulas that questions about them become, and what arithmetic gives."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from enum import Enum
from itertools import combinations
from types import NoneType
from typing import Any, Final

from miners.logic.formulas import FALSE, TRUE, Formula, Truth, all_of, any_of, atom, negate
from miners.symbolic.neighbours import Neighbour
from miners.symbolic.opacity import EXTREME
from miners.symbolic.terms import (
    Bool,
    Built,
    CallableTerm,
    Choice,
    ClassTerm,
    Computed,
    Const,
    Count,
    Entry,
    Field,
    Found,
    Given,
    Instance,
    Items,
    ModuleTerm,
    Selected,
    Table,
    Term,
    Text,
    TypeOf,
    Unknown,
    alike,
    in_any_order,
    is_sayable,
    map_cases,
    opaque,
    operand_of,
    over_cases,
    over_entries,
    plain,
    subject_of,
    template_of,
)
from miners.symbolic.texts import FirstLetter, FirstPiece, PieceCount, Pieces, TextLength
from pytest_llem_invariants.language.expressions import opens_elements

_MOST_COUNTED: Final = 8


def truth(term: Term, text: str, place: str) -> Formula:
    """`bool(term)`."""
    term = in_any_order(term)
    match term:
        case Choice():
            return over_cases(term, lambda value: truth(value, text, place))
        case Const(value=value):
            try:
                return Truth(bool(value))
            except Exception:  # an array's truth is ambiguous
                return opaque(term, text, place)
        case Field() | Computed():
            return atom(subject_of(term) or "", "truthy")
        case Bool(formula=formula) | Selected(exists=formula):
            return formula
        case Entry():
            return over_entries(term, lambda value: truth(value, text, place))
        case Count(of=formulas):
            return any_of(formulas)
        case Items(items=items):
            return Truth(bool(items))
        case Table(entries=entries):
            return any_of(guard for _, guard, _ in entries)
        case Text(template=template):
            return TRUE if template else FALSE
        case (
            Instance()
            | Built()
            | CallableTerm()
            | ClassTerm()
            | ModuleTerm()
            | TypeOf()
            | Pieces()
            | PieceCount()
            | Found()
        ):
            return TRUE
        case _:
            return opaque(term, text, place)


def _escaped(value: Any) -> Any:
    value = plain(value)
    return f"@{value}" if isinstance(value, str) and value.startswith("@") else value


_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compare(op: str, left: Term, right: Term, text: str, place: str) -> Formula:
    """One comparison; `is` and `is not` come as `==` and `!=`."""
    if isinstance(left, Choice):
        return over_cases(left, lambda value: compare(op, value, right, text, place))
    if isinstance(right, Choice):
        return over_cases(right, lambda value: compare(op, left, value, text, place))
    if isinstance(right, Entry):
        left, right, op = right, left, _MIRRORED[op]
    if isinstance(left, Entry) and isinstance(_as_constant(right), Const):
        return over_entries(left, lambda value: compare(op, value, right, text, place))
    if op == "!=":
        return negate(compare("==", left, right, text, place))
    if isinstance(left, Neighbour) and isinstance(right, Neighbour) and left.step == right.step:
        return TRUE if left == right else atom(left.step, op if left.later else _MIRRORED[op], 0)
    left, right = _as_constant(left), _as_constant(right)
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return Truth(bool(_COMPARISONS[op](left.value, right.value)))
        except Exception:  # what cannot be compared raises here and there alike
            return FALSE
    if isinstance(left, Const) or (isinstance(right, (Field, Computed)) and subject_of(left) is None):
        left, right, op = right, left, _MIRRORED[op]
    if isinstance(left, (Bool, Selected)) and op == "==" and isinstance(right, Const):
        if isinstance(right.value, bool):
            holds = truth(left, text, place)
            return holds if right.value else negate(holds)
        return FALSE if isinstance(left, Bool) or right.value is None else opaque(left, text, place)
    if _is(right, None) and _is_extreme(left):
        return FALSE
    if isinstance(left, Bool) and isinstance(right, Bool) and op == "==":
        same_truth = (left.formula, right.formula)
        return any_of((all_of(same_truth), all_of(negate(one) for one in same_truth)))
    if isinstance(left, Bool) and isinstance(right, Field) and op == "==":
        left, right = right, left
    if isinstance(left, Field) and isinstance(right, Bool) and op == "==":
        yes = all_of((atom(left.path, "==", True), right.formula))
        return any_of((yes, all_of((atom(left.path, "==", False), negate(right.formula)))))
    if isinstance(left, (PieceCount, TextLength)) and isinstance(right, Const) and isinstance(right.value, int):
        return left.compared(op, right.value)
    if isinstance(left, (FirstPiece, FirstLetter)) and isinstance(right, Const) and op == "==":
        return left.equals(right.value)
    if isinstance(left, Count) and isinstance(right, Const):
        return _counted(left, op, right.value, text, place)
    if isinstance(left, TypeOf) and op == "==":
        return instance_of(left.of, right, text, place)
    if isinstance(left, _NEVER_NONE) and _is(right, None):
        return FALSE
    if isinstance(left, Items) and isinstance(right, Items) and op == "==" and len(left.items) == len(right.items):
        return all_of(compare("==", a, b, text, place) for a, b in zip(left.items, right.items, strict=True))
    subject = subject_of(left)
    if subject is None:
        return opaque(left, text, place)
    if isinstance(right, Const):
        if not is_sayable(right.value) or (
            op not in ("==", "!=") and not isinstance(plain(right.value), (int, float, str))
        ):
            return opaque(right, text, place, "constant that no file can hold")
        return atom(subject, op, _escaped(right.value))
    other = subject_of(right)
    if other is None:
        return opaque(right, text, place)
    if opens_elements(other):
        if opens_elements(subject):
            return opaque(right, text, place, "two elements compared")
        subject, other, op = other, subject, _MIRRORED[op]
    return atom(subject, op, f"@{other}")


_NEVER_NONE: Final = (
    *(Items, Text, Instance, Built, Table, Given, CallableTerm, ClassTerm, ModuleTerm, Pieces, PieceCount, Found),
)


def _is_extreme(term: Term) -> bool:
    """Whether it is the least or the greatest of several: nothing in an order is None."""
    if isinstance(term, Computed):
        return term.text.startswith(("min(", "max("))
    return isinstance(term, Unknown) and term.shape == EXTREME


def _is(term: Term, value: Any) -> bool:
    return isinstance(term, Const) and term.value is value


def _as_constant(term: Term) -> Term:
    if isinstance(term, Items) and all(isinstance(item, Const) for item in term.items):
        values = [item.value for item in term.items if isinstance(item, Const)]
        try:
            return Const(term.kind(values))
        except TypeError:
            return Const(values)
    if isinstance(term, Text) and "{" not in term.template:
        return Const(term.template)
    if isinstance(term, Bool) and isinstance(term.formula, Truth):
        return Const(term.formula.value)
    return term


def remainder(left: Term, right: Term, equal: bool) -> Formula | None:
    """`left % right == 0`, or its negation, where both can be said."""
    subject, divisor = subject_of(left), subject_of(right)
    op = "divisible_by" if equal else "not_divisible_by"
    if subject is None:
        return None
    if isinstance(right, Const) and isinstance(right.value, (int, float)) and right.value:
        return atom(subject, op, right.value)
    return None if divisor is None else atom(subject, op, f"@{divisor}")


def _counted(count: Count, op: str, limit: Any, text: str, place: str) -> Formula:
    """Comparisons of a small count: at least k of n as a disjunction of k-tuples."""
    if not isinstance(limit, int) or len(count.of) > _MOST_COUNTED:
        return opaque(count, text, place, "count of many conditions")

    def at_least(k: int) -> Formula:
        return any_of(all_of(chosen) for chosen in combinations(count.of, max(k, 0)))

    match op:
        case ">":
            return at_least(limit + 1)
        case ">=":
            return at_least(limit)
        case "<":
            return negate(at_least(limit))
        case "<=":
            return negate(at_least(limit + 1))
        case _:
            return all_of((at_least(limit), negate(at_least(limit + 1))))


def contains(container: Term, item: Term, text: str, place: str, *, never_text: bool = False) -> Formula:
    """`item in container`."""
    container = in_any_order(container)
    if isinstance(container, Choice):
        return over_cases(container, lambda value: contains(value, item, text, place, never_text=never_text))
    if isinstance(item, Choice):
        return over_cases(item, lambda value: contains(container, value, text, place, never_text=never_text))
    if isinstance(item, Entry):
        return over_entries(item, lambda value: contains(container, value, text, place, never_text=never_text))
    container, item = _as_constant(container), _as_constant(item)
    if isinstance(container, Given) and isinstance(item, Const) and isinstance(item.value, str):
        return atom(container.prefix + item.value, "present")
    if isinstance(container, Table) and isinstance(item, Const):
        return any_of(guard for key, guard, _ in container.entries if alike(key, item))
    if isinstance(container, Table) and all(isinstance(key, Const) for key, _, _ in container.entries):
        return any_of(all_of((guard, compare("==", item, key, text, place))) for key, guard, _ in container.entries)
    if isinstance(item, (FirstPiece, FirstLetter)) and isinstance(container, Const):
        values = container.value if isinstance(container.value, (list, tuple, set, frozenset)) else ()
        return any_of(item.equals(value) for value in sorted(values, key=repr))
    if isinstance(container, Items):
        return any_of(compare("==", item, member, text, place) for member in container.items)
    subject = subject_of(item)
    if isinstance(container, Const):
        values = container.value
        if isinstance(values, type) and issubclass(values, Enum):
            values = [*values, *(member.value for member in values)]
        if isinstance(values, (list, tuple, set, frozenset, Mapping)) and not values:
            return FALSE
        if isinstance(item, Const):
            try:
                return Truth(item.value in values)
            except Exception:
                return FALSE
        if subject is not None and isinstance(values, (list, tuple, set, frozenset, Mapping)):
            members = plain(list(values) if isinstance(values, (Mapping, list, tuple)) else values)
            if all(is_sayable(member) for member in members):
                return atom(subject, "in", members)
        return opaque(item if subject is None else container, text, place, "membership of a foreign constant")
    where = subject_of(container)
    if where is None or opens_elements(where):
        return opaque(container, text, place)
    if isinstance(item, Const) and is_sayable(item.value):
        element = atom(f"each({where})", "==", _escaped(item.value))
        if isinstance(item.value, str) and not where.endswith(")") and not never_text:
            return any_of((element, atom(where, "matches", re.escape(item.value))))
        return element
    if subject is not None and not opens_elements(subject):
        return atom(f"each({where})", "==", f"@{subject}")
    return opaque(item, text, place)


_TYPE_NAMES: Final = {NoneType: "none"}


def type_names_of(term: Term) -> list[str] | None:
    """The names of a type, or of a tuple or union of types."""
    match term:
        case Const(value=type() as kind):
            return [_TYPE_NAMES.get(kind, kind.__name__)]
        case Const(value=tuple() as kinds) if all(isinstance(kind, type) for kind in kinds):
            return [_TYPE_NAMES.get(kind, kind.__name__) for kind in kinds]
        case Const(value=None):
            return ["none"]
        case ClassTerm(cls=cls):
            return [cls.name]
        case TypeOf(of=Const(value=value)):
            return [_TYPE_NAMES.get(type(value), type(value).__name__)]
        case Items(items=items):
            names = [type_names_of(item) for item in items]
            return None if None in names else [name for found in names if found is not None for name in found]
        case _:
            return None


def instance_of(term: Term, kind: Term, text: str, place: str) -> Formula:
    """`isinstance(term, kind)`; a bool is an int for Python, and none for the corpus."""
    names = type_names_of(kind)
    if names is None:
        return opaque(kind, text, place, "isinstance of an unknown type")
    if isinstance(term, Built) and term.cls.name in names:
        return TRUE
    if isinstance(term, Choice):
        return over_cases(term, lambda value: instance_of(value, kind, text, place))
    if isinstance(term, Entry):
        return over_entries(term, lambda value: instance_of(value, kind, text, place))
    known = _known_type(term)
    if known is not None:
        return Truth(not known.isdisjoint(names))
    subject = subject_of(term)
    if subject is None:
        return opaque(term, text, place)
    spelled = list(dict.fromkeys(_VIRTUAL.get(name, (name,)) for name in names))
    flat = list(dict.fromkeys(name for group in spelled for name in group))
    if "int" in flat and "bool" not in flat:
        flat.append("bool")
    absent = [atom(subject, "absent")] if "none" in flat else []
    others = [name for name in flat if name != "none"]
    if "object" in others:
        return TRUE
    said = [atom(subject, "type_is", others[0] if len(others) == 1 else others)] if others else []
    return any_of((*said, *absent))


_VIRTUAL: Final[dict[str, tuple[str, ...]]] = {
    "Sequence": ("list", "tuple", "str"),
    "Mapping": ("dict",),
    "Iterable": ("list", "tuple", "set", "dict", "str"),
    "Collection": ("list", "tuple", "set", "dict", "str"),
    "Number": ("int", "float"),
    "Real": ("int", "float"),
    "Integral": ("int",),
    "Callable": ("callable",),
}


def _known_type(term: Term) -> frozenset[str] | None:
    match term:
        case Const(value=value):
            return frozenset({*(_TYPE_NAMES.get(base, base.__name__) for base in type(value).__mro__)})
        case Items(kind=kind):
            return frozenset({kind.__name__, "Sequence", "Iterable", "Collection"})
        case Table() | Given():
            return frozenset({"dict", "Mapping", "Iterable", "Collection"})
        case Text():
            return frozenset({"str", "Sequence", "Iterable", "Collection"})
        case Bool():
            return frozenset({"bool", "int"})
        case Selected():
            return frozenset({"list", "Sequence", "Iterable"})
        case _:
            return None


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
    left, right = _as_constant(left), _as_constant(right)
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
    """`set(field) - {…}`: the elements that are none of the known ones."""
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
