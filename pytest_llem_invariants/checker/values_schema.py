"""What is left of the values of a field once some are forbidden: types, ranges and choices instead of a list of rules.

An editor completes and explains a positive schema; `not` it can only underline. Values are taken apart by their JSON
type, for most keywords speak of one. What a schema says of the inside of a list or a mapping is left out: of those it
only says whether they may be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Schema = dict[str, Any]
TYPES: Final = ("null", "boolean", "number", "string", "array", "object")
_ABOUT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "number"),
    **dict.fromkeys(("pattern", "minLength", "maxLength"), "string"),
    **dict.fromkeys(("minItems", "maxItems"), "array"),
    **dict.fromkeys(("minProperties", "maxProperties", "required", "properties"), "object"),
}
"""The type of value that a keyword speaks of; every other value passes it."""
_OPPOSITE: Final = {
    "minimum": "exclusiveMaximum",
    "maximum": "exclusiveMinimum",
    "exclusiveMinimum": "maximum",
    "exclusiveMaximum": "minimum",
}
_TIGHTER: Final = {
    "minimum": max,
    "exclusiveMinimum": max,
    "minLength": max,
    "maximum": min,
    "exclusiveMaximum": min,
    "maxLength": min,
}

# Of one type the schema of some values is True (all of them), False (none), or one of: {keyword: argument},
# {"not": it}, {"allOf": several}, {"anyOf": several}.
Part = bool | Schema


def allowed(forbidden: Iterable[Schema]) -> dict[str, Part]:
    """For each type the values that no schema forbids."""
    every = list(forbidden)
    return {kind: _all(_not(_of_type(schema, kind)) for schema in every) for kind in TYPES}


def schema_of(parts: Mapping[str, Part]) -> list[Schema]:
    """The alternatives that make up these values."""
    parts = {kind: bool(part) if kind in ("array", "object") else part for kind, part in parts.items()}
    few = {kind: members for kind, part in parts.items() if (members := members_of(kind, part)) is not None}
    found: list[Schema] = []
    if len(few) < len(parts):
        whole = [kind for kind in ("null", "boolean") if parts[kind] is True]
        kinds = [kind for kind in TYPES if kind in whole or kind not in few]
        found.append(_together(kinds, parts))
        few = {kind: members for kind, members in few.items() if kind not in whole}
    members = [member for kind in TYPES for member in few.get(kind, ())]
    if not members:
        return found
    # Real choices first: of alternatives that are equally near an editor tells of the first.
    return [{"enum": members}, *found] if few.get("string") or few.get("number") else [*found, {"enum": members}]


def _together(kinds: Sequence[str], parts: Mapping[str, Part]) -> Schema:
    """Several types in one schema: keywords of one let the others pass; what does not is said of that type alone."""
    names = list(kinds)
    flat: Schema = {}
    others: list[Schema] = []
    for kind in kinds:
        told, more = _told(parts[kind])
        if told.pop("type", None):
            names[names.index(kind)] = "integer"
        flat |= told
        elsewhere: Schema = {"type": [name for name in TYPES if name != kind]}
        others += more if len(kinds) == 1 else [{"anyOf": [elsewhere, one]} for one in more]
    typed: Schema = {} if names == list(TYPES) else {"type": names if len(names) > 1 else names[0]}
    return {**typed, **flat, **({"allOf": others} if others else {})}


def members_of(kind: str, part: Part) -> list[Any] | None:
    """All values of a type that are left, where they are few."""
    if part is False:
        return []
    if kind == "null":
        return [None]
    if kind == "boolean":
        return [one for one in (True, False) if part is True or _fits(one, part)]
    if isinstance(part, dict):
        for clause in part.get("allOf", [part]):
            if "enum" in clause:
                return [one for one in clause["enum"] if _fits(one, part)]
    return None


def _told(part: Part) -> tuple[Schema, list[Schema]]:
    """The keywords of one type, the tightest of each bound, and what has to be said in schemas of its own."""
    flat: Schema = {}
    others: list[Schema] = []
    without: list[Any] = []
    for clause in [] if isinstance(part, bool) else part.get("allOf", [part]):
        ((keyword, argument),) = clause.items()
        if keyword in _TIGHTER and keyword in flat:
            flat[keyword] = _TIGHTER[keyword](flat[keyword], argument)
        elif keyword == "not" and "enum" in argument:
            without += [one for one in argument["enum"] if one not in without]
        elif keyword in flat or keyword in ("anyOf", "not"):
            others.append(clause)
        else:
            flat[keyword] = argument
    return flat, [*others, *([{"not": {"enum": without}}] if without else [])]


def _of_type(schema: Schema, kind: str) -> Part:
    """The values of one type that fit a schema."""
    return _all(_keyword(keyword, argument, kind) for keyword, argument in schema.items())


def _keyword(keyword: str, argument: Any, kind: str) -> Part:
    if keyword == "allOf":
        return _all(_of_type(one, kind) for one in argument)
    if keyword == "anyOf":
        return _any(_of_type(one, kind) for one in argument)
    if keyword == "not":
        return _not(_of_type(argument, kind))
    if keyword == "type":
        if argument == "integer":
            return {"type": "integer"} if kind == "number" else False
        return bool(argument == kind)
    if keyword == "enum":
        members = [one for one in argument if kind_of(one) == kind]
        return {"enum": members} if members and kind != "null" else bool(members)
    if keyword == "multipleOf" and argument == 1:
        return {"type": "integer"} if kind == "number" else True
    return {keyword: argument} if _ABOUT[keyword] == kind else True


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for types, kind in (((int, float), "number"), (str, "string"), ((list, tuple), "array")):
        if isinstance(value, types):
            return kind
    return "object"


def _all(parts: Iterable[Part]) -> Part:
    left: list[Schema] = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            left += [one for one in part.get("allOf", [part]) if one not in left]
    # What a clause asks by itself makes it needless to ask it or something else.
    left = [one for one in left if not any(other in one.get("anyOf", ()) for other in left)]
    return True if not left else left[0] if len(left) == 1 else {"allOf": left}


def _any(parts: Iterable[Part]) -> Part:
    left: list[Schema] = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            left += [one for one in part.get("anyOf", [part]) if one not in left]
    if {"type": "integer"} in left:
        left = [one for one in left if not all(member == int(member) for member in one.get("enum", [0.5]))]
    return False if not left else left[0] if len(left) == 1 else {"anyOf": left}


def _not(part: Part) -> Part:
    if isinstance(part, bool):
        return not part
    ((keyword, argument),) = part.items()
    if keyword == "allOf":
        return _any(map(_not, argument))
    if keyword == "anyOf":
        return _all(map(_not, argument))
    if keyword == "not":
        return dict(argument)
    if keyword in _OPPOSITE:
        return {_OPPOSITE[keyword]: argument}
    if keyword == "minLength":
        return {"maxLength": argument - 1} if argument > 0 else False
    if keyword == "maxLength":
        return {"minLength": argument + 1}
    return {"not": part}


def _fits(value: Any, part: Part) -> bool:
    """Whether a member of a choice is among what else is said of its type; what is not looked at here lets it pass."""
    if isinstance(part, bool):
        return part
    ((keyword, argument),) = part.items()
    if keyword == "allOf":
        return all(_fits(value, one) for one in argument)
    if keyword == "enum":
        return any(one == value and kind_of(one) == kind_of(value) for one in argument)
    if keyword == "not" and "enum" in argument:
        return not _fits(value, argument)
    return True
