"""Types as facts: the meaning of an annotation, the same from a live class as from source text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final


@final
@dataclass(frozen=True, slots=True)
class Plain:
    """A type known by its name only: `int`, `str`, `bytes`, `none`, `any`, `callable`, `type`."""

    name: str


@final
@dataclass(frozen=True, slots=True)
class ChoiceType:
    """A Literal, or an enum by its values."""

    values: tuple[Any, ...]
    enum: str | None = None
    names: tuple[str, ...] = field(default=(), compare=False)
    """The names of an enum's members, from which a validator may convert text."""


@final
@dataclass(frozen=True, slots=True)
class Key:
    """A key that a TypedDict declares."""

    name: str
    type: TypeExpr
    required: bool = True


@final
@dataclass(frozen=True, slots=True)
class Group:
    """A builtin collection. `tuple[int, str]` has fixed items; any other repeats its only item type."""

    name: str
    items: tuple[TypeExpr, ...] = ()
    fixed: bool = False
    keys: tuple[Key, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Either:
    """A union."""

    members: tuple[TypeExpr, ...]


@final
@dataclass(frozen=True, slots=True)
class InstanceType:
    """An object of a class."""

    name: str
    module: str = ""


@final
@dataclass(frozen=True, slots=True)
class Bounded:
    """A type with annotated-types constraints, by operator."""

    inner: TypeExpr
    bounds: Mapping[str, Any] = field(hash=False)


@final
@dataclass(frozen=True, slots=True)
class UnknownType:
    """An annotation of an unknown kind, as the source writes it."""

    text: str


TypeExpr = Plain | ChoiceType | Group | Either | InstanceType | Bounded | UnknownType

ANY: Final = Plain("any")
NONE: Final = Plain("none")
UNTYPED: Final = UnknownType("")
"""The type of an argument without an annotation."""
BOUND_NAMES: Final = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")


def either(members: tuple[TypeExpr, ...]) -> TypeExpr:
    """A union without nesting or repetition."""
    flat: list[TypeExpr] = []
    for member in members:
        for one in member.members if isinstance(member, Either) else (member,):
            if one not in flat:
                flat.append(one)
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def bounded(inner: TypeExpr, bounds: Mapping[str, Any]) -> TypeExpr:
    if not bounds:
        return inner
    if isinstance(inner, Bounded):
        return Bounded(inner.inner, {**inner.bounds, **bounds})
    return Bounded(inner, dict(bounds))


def alternatives(type_: TypeExpr) -> Iterator[TypeExpr]:
    """The members of a union without their constraints; a type that is no union is its only member."""
    match type_:
        case Either(members):
            for member in members:
                yield from alternatives(member)
        case Bounded(inner):
            yield from alternatives(inner)
        case _:
            yield type_


def parts(type_: TypeExpr) -> Iterator[TypeExpr]:
    """A type and every type inside it."""
    yield type_
    match type_:
        case Either(members):
            inside: tuple[TypeExpr, ...] = members
        case Group(_, items, _, keys):
            inside = (*items, *(key.type for key in keys))
        case Bounded(inner):
            inside = (inner,)
        case _:
            inside = ()
    for one in inside:
        yield from parts(one)


def nullable(type_: TypeExpr) -> bool:
    return any(
        one in (ANY, NONE) or (isinstance(one, ChoiceType) and None in one.values) for one in alternatives(type_)
    )


def type_names(type_: TypeExpr) -> tuple[str, ...]:
    """The `type_is` names for the values of a type, without `none`; empty if one is unknown."""
    names: dict[str, None] = {}
    for one in alternatives(type_):
        match one:
            case UnknownType():
                return ()
            case ChoiceType(values, enum):
                kinds = (enum,) if enum else (type(value).__name__ for value in values if value is not None)
                names.update(dict.fromkeys(kinds))
            case Plain(name) if name != "none":
                names[name] = None
            case Group(name) | InstanceType(name):
                names[name] = None
    return ("any",) if "any" in names else tuple(names)


def element_names(type_: TypeExpr) -> tuple[str, ...]:
    """The type names of the elements of collections among the alternatives: items, or the values of a mapping."""
    names: dict[str, None] = {}
    for one in alternatives(type_):
        if isinstance(one, Group) and one.items:
            for item in one.items if one.fixed else one.items[-1:]:
                names.update(dict.fromkeys(type_names(item)))
    return tuple(names)


def literal_values(type_: TypeExpr) -> tuple[Any, ...] | None:
    """The allowed values of a type that consists of choices and None only."""
    values: list[Any] = []
    for one in alternatives(type_):
        if isinstance(one, ChoiceType):
            values.extend(value for value in one.values if value is not None)
        elif one != NONE:
            return None
    return tuple(values) or None


def bounds_of(type_: TypeExpr) -> Mapping[str, Any]:
    """The constraints of the only alternative that has any (`Annotated[int, Ge(0)] | None`)."""
    match type_:
        case Bounded(_, bounds):
            return dict(bounds)
        case Either(members):
            found = [bounds_of(member) for member in members if bounds_of(member)]
            return found[0] if len(found) == 1 else {}
        case _:
            return {}


def render(type_: TypeExpr) -> str:
    """A type as Python writes it."""
    match type_:
        case Plain("none"):
            return "None"
        case Plain("any"):
            return "Any"
        case Plain("callable"):
            return "Callable"
        case Plain(name):
            return name
        case ChoiceType(values, None):
            return f"Literal[{', '.join(map(repr, values))}]"
        case ChoiceType(_, str(enum)):
            return enum
        case Group(name, items, fixed):
            inside = ", ".join(map(render, items))
            tail = ", ..." if name == "tuple" and items and not fixed else ""
            return f"{name}[{inside}{tail}]" if items else name
        case Either(members):
            return " | ".join(map(render, members))
        case InstanceType(name):
            return name
        case Bounded(inner):
            return render(inner)
        case UnknownType(text):
            return text
    raise AssertionError(type_)
