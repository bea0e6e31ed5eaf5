"""The kind of a value: given or not, its types, and whether it equals another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.model import TypedValue

_PLAIN: Final = frozenset({type(None), bool, int, float, str})


def is_unset(value: Any) -> bool:
    return value is None or value is MISSING


def same(left: Any, right: Any) -> bool:
    """Equality in the format: Python's, but `True` is not 1, and a tuple equals its list in YAML."""
    one, other = type(left), type(right)
    if one in _PLAIN and other in _PLAIN:
        return bool(left == right) if one is other or bool not in (one, other) else False
    try:
        return _same(left, right)
    except Exception:  # a foreign object may raise anything, a list that contains itself is endless
        return False


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, Enum) is not isinstance(right, Enum):
        return _same(left.value if isinstance(left, Enum) else left, right.value if isinstance(right, Enum) else right)
    if isinstance(left, TypedValue) or isinstance(right, TypedValue):
        if not (isinstance(left, TypedValue) and isinstance(right, TypedValue)):
            return False
        return left.type == right.type and _same(left.kwargs, right.kwargs)
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool) and left == right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(_same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)


_KINDS: Final[dict[type, str]] = {
    type(None): "none",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    set: "set",
    frozenset: "frozenset",
}
BUILTIN_KINDS: Final = frozenset(_KINDS.values())

_KIND_NAMES: Final[dict[type, frozenset[str]]] = {kind: frozenset({name}) for kind, name in _KINDS.items()}


def type_names(value: Any) -> frozenset[str]:
    """The `type_is` names of a value. A bool is not an int here; a subclass also has the names of its bases."""
    if isinstance(value, TypedValue):
        return frozenset({value.type, value.type.rpartition(".")[2]})
    exact = _KIND_NAMES.get(type(value))
    if exact is not None:
        return exact
    names = {_KINDS.get(base, base.__name__) for base in type(value).__mro__ if base is not object}
    if isinstance(value, type):
        names.add("type")
    if callable(value):
        names.add("callable")
    return frozenset(names)
