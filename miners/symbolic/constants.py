"""Constants in code, as a corpus stores them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from types import ModuleType
from typing import Any

from miners.logic.formulas import Truth
from miners.symbolic.terms import Bool, Const, Items, Term, Text
from pytest_llem_invariants.language.expressions import MISSING


def plain(value: Any) -> Any:
    """A constant as a corpus stores it: enum members by value, sets in a fixed order."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=lambda item: (type(item).__name__, repr(item)))
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if home_of(value) is None else repr(value).rpartition(".")[2]


def home_of(value: Any) -> ModuleType | None:
    """The module in which a constant is known by its name only, as `torch.float32` is."""
    if value is None or isinstance(value, (bool, int, float, str)) or callable(value):
        return None
    try:
        module, _, name = repr(value).rpartition(".")
    except Exception:  # a foreign object's __repr__ may raise anything
        return None
    home = sys.modules.get(module)
    return home if getattr(home, name, MISSING) is value else None


def is_sayable(value: Any) -> bool:
    """Whether a corpus can store the constant."""
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return all(is_sayable(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_sayable(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, float, str))


def as_operand(value: Any) -> Any:
    """A constant as the right-hand side of a clause: text that looks like a reference is marked as text."""
    value = plain(value)
    return f"@{value}" if isinstance(value, str) and value.startswith("@") else value


def as_constant(term: Term) -> Term:
    """The constant value of a list, a text or a truth value, if all of it is known."""
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
