"""A type and a value as JSON can hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from miners.types import Bounded, Choice, Either, Group, Instance, Plain, TypeExpr, Unknown


def shape_of(type_: TypeExpr) -> dict[str, Any]:
    """The type as data: see docs/reference/schema.md."""
    match type_:
        case Plain(name):
            return {"kind": name}
        case Choice(values, enum):
            return {"kind": "choice", "values": [to_json(value) for value in values], "enum": enum}
        case Group(name, items, fixed):
            return {"kind": "group", "name": name, "items": [shape_of(item) for item in items], "fixed": fixed}
        case Either(members):
            return {"kind": "union", "members": [shape_of(member) for member in members]}
        case Instance(name, module):
            return {"kind": "instance", "name": name, "module": module}
        case Bounded(inner, bounds):
            return {"kind": "bounded", "inner": shape_of(inner), "bounds": to_json(bounds)}
        case Unknown(text):
            return {"kind": "unknown", "text": text}


def to_json(value: Any) -> Any:
    """A plain value; what JSON lacks (nan, infinities, bytes, sets) as its Python text or sorted list."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((to_json(item) for item in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return repr(value)
