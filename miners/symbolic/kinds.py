"""`isinstance` of symbolic values."""

from __future__ import annotations

from types import NoneType
from typing import Final

from miners.logic.formulas import TRUE, Formula, Truth, any_of, atom
from miners.symbolic.cases import over_cases, over_entries
from miners.symbolic.terms import (
    Bool,
    Built,
    Choice,
    ClassTerm,
    Const,
    Entry,
    Given,
    Items,
    Selected,
    Table,
    Term,
    Text,
    TypeOf,
    opaque,
    subject_of,
)

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
    """`isinstance(term, kind)`. In Python a bool is an int; in the corpus it is not."""
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
