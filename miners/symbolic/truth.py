"""`bool(x)` of a symbolic value."""

from __future__ import annotations

from miners.logic.formulas import FALSE, TRUE, Formula, Truth, any_of, atom
from miners.symbolic.cases import over_cases, over_entries
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
    Instance,
    Items,
    ModuleTerm,
    Selected,
    Table,
    Term,
    Text,
    TypeOf,
    in_any_order,
    opaque,
    subject_of,
)
from miners.symbolic.texts import PieceCount, Pieces


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
