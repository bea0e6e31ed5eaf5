"""JSON Schema, as far as the exports use it."""

from __future__ import annotations

import re
from typing import Any


def kind_fits(kind: str, value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {
        "null": value is None,
        "boolean": isinstance(value, bool),
        "integer": number and value == int(value),
        "number": number,
        "string": isinstance(value, str),
        "array": isinstance(value, list),
        "object": isinstance(value, dict),
    }[kind]


def same(left: Any, right: Any) -> bool:
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def at(root: dict[str, Any], pointer: str) -> dict[str, Any]:
    found = root
    for name in pointer.removeprefix("#/").split("/"):
        found = found[name]
    return found


def accepts(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None) -> bool:
    """JSON Schema, as far as the exports use it."""
    defined = schema if root is None else root
    number = kind_fits("number", value)
    tests = {
        "type": lambda kinds: any(kind_fits(kind, value) for kind in ([kinds] if isinstance(kinds, str) else kinds)),
        "enum": lambda members: any(same(member, value) for member in members),
        "not": lambda inner: not accepts(inner, value, defined),
        "allOf": lambda parts: all(accepts(part, value, defined) for part in parts),
        "anyOf": lambda parts: any(accepts(part, value, defined) for part in parts),
        "if": lambda asked: accepts(
            schema.get("then" if accepts(asked, value, defined) else "else", {}), value, defined
        ),
        "minimum": lambda bound: not number or value >= bound,
        "maximum": lambda bound: not number or value <= bound,
        "exclusiveMinimum": lambda bound: not number or value > bound,
        "exclusiveMaximum": lambda bound: not number or value < bound,
        "multipleOf": lambda divisor: not number or value % divisor == 0,
        "pattern": lambda pattern: not isinstance(value, str) or re.search(pattern, value) is not None,
        "minLength": lambda count: not isinstance(value, str) or len(value) >= count,
        "maxLength": lambda count: not isinstance(value, str) or len(value) <= count,
        "minItems": lambda count: not isinstance(value, list) or len(value) >= count,
        "maxItems": lambda count: not isinstance(value, list) or len(value) <= count,
        "minProperties": lambda count: not isinstance(value, dict) or len(value) >= count,
        "maxProperties": lambda count: not isinstance(value, dict) or len(value) <= count,
        "required": lambda names: not isinstance(value, dict) or all(name in value for name in names),
        "properties": lambda each: (
            not isinstance(value, dict)
            or all(accepts(inner, value[name], defined) for name, inner in each.items() if name in value)
        ),
        "$ref": lambda pointer: accepts(at(defined, pointer), value, defined),
        "patternProperties": lambda each: all(inner == {} for inner in each.values()),
        "items": lambda inner: not isinstance(value, list) or all(accepts(inner, one, defined) for one in value),
        "additionalProperties": lambda rest: (
            not isinstance(value, dict)
            or all(
                name in schema["properties"]
                or any(re.search(pattern, name) for pattern in schema.get("patternProperties", ()))
                or (rest is not False and accepts(rest, value[name], defined))
                for name in value
            )
        ),
    }
    told = {"$schema", "$defs", "$comment", "title", "description", "default", "examples", "deprecated"}
    told |= {"definitions", "deprecationMessage", "then", "else"}
    return all(tests[key](rhs) for key, rhs in schema.items() if key not in told)
