"""Types and values as JSON data, and types read back from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from miners.surface.types import Bounded, ChoiceType, Either, Group, InstanceType, Key, Plain, TypeExpr, UnknownType


def shape_of(type_: TypeExpr) -> dict[str, Any]:
    """The type as data: see docs/reference/schema.md."""
    match type_:
        case Plain(name):
            return {"kind": name}
        case ChoiceType(values, enum):
            return {"kind": "choice", "values": [to_json(value) for value in values], "enum": enum}
        case Group(name, items, fixed, keys):
            group = {"kind": "group", "name": name, "items": [shape_of(item) for item in items], "fixed": fixed}
            declared = {key.name: {"shape": shape_of(key.type), "required": key.required} for key in keys}
            return {**group, "keys": declared} if keys else group
        case Either(members):
            return {"kind": "union", "members": [shape_of(member) for member in members]}
        case InstanceType(name, module):
            return {"kind": "instance", "name": name, "module": module}
        case Bounded(inner, bounds):
            return {"kind": "bounded", "inner": shape_of(inner), "bounds": to_json(bounds)}
        case UnknownType(text):
            return {"kind": "unknown", "text": text}


def type_of(shape: Mapping[str, Any]) -> TypeExpr:
    """The type that a shape describes; a kind from a newer format is an unknown type."""
    match shape:
        case {"kind": "choice", "values": [*values]}:
            return ChoiceType(tuple(values), shape.get("enum"))
        case {"kind": "group", "name": str(name), "items": [*items]}:
            keys = (
                Key(key, type_of(declared["shape"]), bool(declared["required"]))
                for key, declared in shape.get("keys", {}).items()
            )
            return Group(name, tuple(type_of(item) for item in items), bool(shape.get("fixed")), tuple(keys))
        case {"kind": "union", "members": [*members]}:
            return Either(tuple(type_of(member) for member in members))
        case {"kind": "instance", "name": str(name)}:
            return InstanceType(name, str(shape.get("module", "")))
        case {"kind": "bounded", "inner": inner, "bounds": bounds}:
            return Bounded(type_of(inner), {name: _number(bound) for name, bound in bounds.items()})
        case {"kind": "unknown", "text": str(text)}:
            return UnknownType(text)
        case {"kind": str(name)} if len(shape) == 1:
            return Plain(name)
        case _:
            return UnknownType(repr(dict(shape)))


def _number(bound: Any) -> Any:
    return float(bound) if bound in ("inf", "-inf", "nan") else bound


def to_json(value: Any) -> Any:
    """A plain value. What JSON lacks (nan, infinities, bytes, sets) becomes its Python text or a sorted list."""
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
