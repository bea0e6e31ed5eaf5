"""What a type accepts, and whether one type accepts all that another does.

A value is what a config file can contain: an int is valid for a float, a bool is no number, a str is no sequence.
`is_within` never returns True wrongly; if it cannot decide, it returns False.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from miners.surface.types import (
    ANY,
    NONE,
    UNTYPED,
    Bounded,
    ChoiceType,
    Either,
    Group,
    InstanceType,
    Plain,
    TypeExpr,
    UnknownType,
)

_WIDER: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset({"float", "complex"}),
    "float": frozenset({"complex"}),
}
_GROUPS_ABOVE: Final[Mapping[str, frozenset[str]]] = {
    "list": frozenset({"Sequence", "Iterable"}),
    "tuple": frozenset({"Sequence", "Iterable"}),
    "deque": frozenset({"Sequence", "Iterable"}),
    "Sequence": frozenset({"Iterable"}),
    "set": frozenset({"Set", "Iterable"}),
    "frozenset": frozenset({"Set", "Iterable"}),
    "Set": frozenset({"Iterable"}),
    "dict": frozenset({"Mapping"}),
}
_MAPPINGS: Final = frozenset({"dict", "Mapping"})
_NUMBERS: Final = frozenset({"int", "float"})
_SIZED: Final = frozenset({"str", "bytes"})
_STRICTER: Final[Mapping[str, Callable[..., Any]]] = {
    **dict.fromkeys(("gt", "ge", "min_length"), max),
    **dict.fromkeys(("lt", "le", "max_length"), min),
}
_ORDER: Final = ("gt", "ge", "lt", "le", "multiple_of")
_LENGTHS: Final = ("min_length", "max_length")

_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "any": lambda value: True,
    "none": lambda value: value is None,
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "complex": lambda value: isinstance(value, (int, float, complex)) and not isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, bytes),
    "callable": callable,
    "type": lambda value: isinstance(value, type),
}
_HOLDERS: Final[Mapping[str, tuple[type, ...]]] = {
    "list": (list,),
    "tuple": (tuple,),
    "set": (set,),
    "frozenset": (frozenset,),
    "dict": (dict,),
    "Sequence": (list, tuple),
    "Set": (set, frozenset),
    "Mapping": (dict,),
    "Iterable": (list, tuple, set, frozenset),
}


def accepts(type_: TypeExpr, value: Any) -> bool:
    """Whether a value of a config file fits a type; False for an unknown type."""
    match type_:
        case Plain(name):
            return name in _KINDS and _KINDS[name](value)
        case ChoiceType(values):
            return any(type(value) is type(one) and value == one for one in values)
        case Either(members):
            return any(accepts(member, value) for member in members)
        case Bounded(inner, bounds):
            return accepts(inner, value) and _fits(bounds, value)
        case Group():
            return _holds(type_, value)
        case InstanceType(name):
            return type(value).__name__ == name
        case UnknownType(text):
            return text == ""
    raise AssertionError(type_)


def _holds(group: Group, value: Any) -> bool:
    if type(value) not in _HOLDERS.get(group.name, ()):
        return False
    if group.name in _MAPPINGS:
        keys, values = _pair(group)
        return all(accepts(keys, key) and accepts(values, item) for key, item in value.items()) and all(
            accepts(key.type, value[key.name]) if key.name in value else not key.required for key in group.keys
        )
    if group.fixed:
        return len(value) == len(group.items) and all(map(accepts, group.items, value))
    return all(accepts(_item(group), item) for item in value)


def _pair(group: Group) -> tuple[TypeExpr, TypeExpr]:
    return (group.items[0], group.items[1]) if len(group.items) == 2 else (ANY, ANY)


def _item(group: Group) -> TypeExpr:
    return group.items[0] if group.items else ANY


def _fits(bounds: Mapping[str, Any], value: Any) -> bool:
    """Bounds apply to values of their own kind only: an order to numbers, a length to collections."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return all(_in_order(name, value, bounds[name]) for name in _ORDER if name in bounds)
    if isinstance(value, (str, bytes, list, tuple, set, frozenset, dict)):
        return (
            len(value) >= bounds.get("min_length", 0)
            and len(value) <= bounds.get("max_length", math.inf)
            and (not isinstance(value, str) or "pattern" not in bounds or bool(re.search(bounds["pattern"], value)))
        )
    return True


def _in_order(name: str, value: float, bound: Any) -> bool:
    match name:
        case "gt":
            return bool(value > bound)
        case "ge":
            return bool(value >= bound)
        case "lt":
            return bool(value < bound)
        case "le":
            return bool(value <= bound)
    return (isinstance(value, int) or math.isfinite(value)) and bool(value % bound == 0)


def is_within(inner: TypeExpr, outer: TypeExpr) -> bool:
    """Whether `outer` accepts every value that `inner` accepts."""
    others = tuple(_alternatives(outer))
    return all(_is_covered(one, others) for one in _alternatives(inner))


def _is_covered(one: TypeExpr, others: Sequence[TypeExpr]) -> bool:
    if any(_is_part(one, other) for other in others):
        return True
    kind, bounds = _taken_apart(one)
    if kind in (Plain("bool"), NONE):  # a kind with few values is a choice of these
        values = (None,) if kind == NONE else (True, False)
        return all(_is_covered(ChoiceType((value,)), others) for value in values)
    if isinstance(kind, ChoiceType):
        return all(any(accepts(other, value) for other in others) for value in kind.values if _fits(bounds, value))
    return False


def _alternatives(type_: TypeExpr) -> Iterator[TypeExpr]:
    """The members of a union, each with the bounds around it."""
    match type_:
        case Either(members):
            for member in members:
                yield from _alternatives(member)
        case Bounded(inner, bounds):
            for one in _alternatives(inner):
                yield from _with_bounds(one, bounds)
        case _:
            yield type_


def _with_bounds(type_: TypeExpr, bounds: Mapping[str, Any]) -> Iterator[TypeExpr]:
    kind, own = _taken_apart(type_)
    clashing = {name for name in own.keys() & bounds.keys() if own[name] != bounds[name]}
    yield Bounded(kind, {**own, **bounds}) if not clashing else Bounded(type_, bounds)


def _taken_apart(type_: TypeExpr) -> tuple[TypeExpr, Mapping[str, Any]]:
    """A type without the bounds around it, and these bounds."""
    if not isinstance(type_, Bounded):
        return type_, {}
    kind, own = _taken_apart(type_.inner)
    both = {
        name: _STRICTER[name](own[name], bound)
        for name, bound in type_.bounds.items()
        if name in own and name in _STRICTER
    }
    return kind, {**own, **type_.bounds, **both}


def _is_part(one: TypeExpr, other: TypeExpr) -> bool:
    if other in (ANY, UNTYPED):
        return True
    kind, bounds = _taken_apart(one)
    wanted, limits = _taken_apart(other)
    if isinstance(other, Bounded) and isinstance(other.inner, Bounded):  # two bounds with one name: both must hold
        return _is_part(one, other.inner) and _is_part(one, Bounded(wanted, other.bounds))
    if (
        isinstance(one, Bounded)
        and isinstance(one.inner, Bounded)
        and any(_is_part(layer, other) for layer in (one.inner, Bounded(kind, one.bounds)))
    ):
        return True  # a value that satisfies both satisfies each
    if isinstance(kind, ChoiceType):
        return all(accepts(other, value) for value in kind.values if _fits(bounds, value))
    return _is_kind(kind, wanted) and _are_tighter(kind, bounds, limits)


def _is_kind(kind: TypeExpr, wanted: TypeExpr) -> bool:
    match kind, wanted:
        case _, Plain("any") | UnknownType(""):
            return True
        case Plain(name), Plain(other):
            return name == other or other in _WIDER.get(name, frozenset())
        case InstanceType(name), InstanceType(other):  # a class that moved to another module is the same class
            return name == other
        case Group(), Group():
            return _is_group_within(kind, wanted)
        case UnknownType(text), UnknownType(other):
            return text == other
    return False


def _is_group_within(group: Group, wanted: Group) -> bool:
    if group.name != wanted.name and wanted.name not in _GROUPS_ABOVE.get(group.name, frozenset()):
        return False
    if group.name in _MAPPINGS:
        return all(map(is_within, _pair(group), _pair(wanted))) and _are_keys_within(group, wanted)
    if wanted.fixed:
        return group.fixed and len(group.items) == len(wanted.items) and all(map(is_within, group.items, wanted.items))
    items = group.items if group.fixed else (_item(group),)
    return all(is_within(item, _item(wanted)) for item in items)


def _are_keys_within(group: Group, wanted: Group) -> bool:
    """Whether the keys that one mapping declares satisfy the keys that the other requires."""
    promised = {key.name: key for key in group.keys}
    return all(
        is_within(promised[key.name].type, key.type) and promised[key.name].required >= key.required
        if key.name in promised
        else not key.required
        for key in wanted.keys
    )


def _are_tighter(kind: TypeExpr, bounds: Mapping[str, Any], limits: Mapping[str, Any]) -> bool:
    """Whether every value of a kind that satisfies `bounds` satisfies `limits`."""
    if kind == ANY or isinstance(kind, UnknownType):
        asked: Mapping[str, Any] = limits
    elif isinstance(kind, Plain) and kind.name in _NUMBERS:
        asked = {name: limit for name, limit in limits.items() if name in _ORDER}
    elif isinstance(kind, Group) or (isinstance(kind, Plain) and kind.name in _SIZED):
        asked = {name: limit for name, limit in limits.items() if name in (*_LENGTHS, "pattern")}
        if isinstance(kind, Group) and kind.fixed:
            size = len(kind.items)
            least, most = max(size, bounds.get("min_length", 0)), min(size, bounds.get("max_length", size))
            bounds = {**bounds, "min_length": least, "max_length": most}
        bounds = {"min_length": 0, **bounds}
        if kind != Plain("str"):
            asked = {name: limit for name, limit in asked.items() if name != "pattern"}
    elif kind == Plain("complex"):  # its ints and floats are bounded, its other values are not
        asked = {name: limit for name, limit in limits.items() if name in _ORDER}
    else:
        return True
    whole = kind == Plain("int")
    return all(_is_kept(name, limit, bounds, whole) for name, limit in asked.items())


def _is_kept(name: str, limit: Any, bounds: Mapping[str, Any], whole: bool) -> bool:
    match name:
        case "gt" | "ge":
            return any(
                own in bounds and _is_beyond(bounds[own], own == "gt", limit, name == "gt", whole, 1)
                for own in ("gt", "ge")
            )
        case "lt" | "le":
            return any(
                own in bounds and _is_beyond(bounds[own], own == "lt", limit, name == "lt", whole, -1)
                for own in ("lt", "le")
            )
        case "multiple_of":
            own = bounds.get("multiple_of")
            return own == limit or (isinstance(own, int) and isinstance(limit, int) and own % limit == 0)
        case "min_length":
            return bool(bounds.get("min_length", 0) >= limit)
        case "max_length":
            return bool(bounds.get("max_length", math.inf) <= limit)
    return bool(bounds.get(name) == limit)


def _is_beyond(bound: Any, strict: bool, limit: Any, strictly: bool, whole: bool, sign: int) -> bool:
    """Whether all values beyond one bound are beyond another; `sign` is 1 for lower bounds, -1 for upper ones."""
    if whole:
        return bool(_first_int(bound, strict, sign) * sign >= _first_int(limit, strictly, sign) * sign)
    return bool(bound * sign > limit * sign or (bound == limit and (strict or not strictly)))


def _first_int(bound: Any, strict: bool, sign: int) -> Any:
    """The first whole number that satisfies a bound."""
    if isinstance(bound, float) and not math.isfinite(bound):
        return bound
    nearest = math.ceil(bound) if sign > 0 else math.floor(bound)
    return nearest + sign if strict and nearest == bound else nearest
