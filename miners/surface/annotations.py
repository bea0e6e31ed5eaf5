"""Convert a live annotation to a type."""

from __future__ import annotations

import collections
import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import InitVar
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, ForwardRef, Literal, NewType, TypeVar, get_args, get_origin

from miners.surface.types import (
    ANY,
    BOUND_NAMES,
    NONE,
    ChoiceType,
    Group,
    InstanceType,
    Key,
    Plain,
    TypeExpr,
    UnknownType,
    bounded,
    either,
)

_SCALARS: Final[Mapping[Any, TypeExpr]] = {
    type(None): NONE,
    None: NONE,
    Any: ANY,
    object: ANY,
    bool: Plain("bool"),
    int: Plain("int"),
    float: Plain("float"),
    complex: Plain("complex"),
    str: Plain("str"),
    bytes: Plain("bytes"),
    type: Plain("type"),
    collections.abc.Callable: Plain("callable"),
    typing.Callable: Plain("callable"),
}
_GROUPS: Final[Mapping[Any, str]] = {
    list: "list",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    dict: "dict",
    collections.abc.Sequence: "Sequence",
    collections.abc.MutableSequence: "Sequence",
    collections.abc.Collection: "Sequence",
    collections.abc.Iterable: "Iterable",
    collections.abc.Set: "Set",
    collections.abc.MutableSet: "Set",
    collections.abc.Mapping: "Mapping",
    collections.abc.MutableMapping: "Mapping",
    collections.defaultdict: "dict",
    collections.OrderedDict: "dict",
    collections.deque: "deque",
}
_ON_KEYS: Final = frozenset({"Required", "NotRequired", "ReadOnly"})
"""The wrappers around the annotation of a TypedDict's key, in `typing` and its backport."""
_QUALIFIERS: Final = (ClassVar, typing.Final, InitVar)


def read_annotation(annotation: Any) -> TypeExpr:
    """The type of an annotation; `Unknown` with its text if its kind is unknown."""
    try:
        return _read(annotation)
    except (TypeError, RecursionError):  # unhashable or self-referring: an unknown kind of annotation
        return UnknownType(_text(annotation))


def _read(annotation: Any) -> TypeExpr:
    if isinstance(annotation, (str, ForwardRef)):
        return UnknownType(annotation if isinstance(annotation, str) else annotation.__forward_arg__)
    if isinstance(annotation, InitVar):
        return read_annotation(annotation.type)
    if isinstance(annotation, NewType):
        return read_annotation(annotation.__supertype__)
    if isinstance(annotation, TypeVar):
        return _of_type_variable(annotation)
    if type(annotation).__name__ == "TypeAliasType":
        return read_annotation(annotation.__value__)
    origin = get_origin(annotation)
    if origin is not None:
        return _of_generic(annotation, origin, get_args(annotation))
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if annotation in _GROUPS:
        return Group(_GROUPS[annotation])
    if inspect.isclass(annotation):
        return _of_class(annotation)
    return UnknownType(_text(annotation))


def _of_type_variable(variable: TypeVar) -> TypeExpr:
    if variable.__constraints__:
        return either(tuple(map(read_annotation, variable.__constraints__)))
    return ANY if variable.__bound__ is None else read_annotation(variable.__bound__)


def _of_generic(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> TypeExpr:
    if origin is Annotated:
        inner, *metadata = arguments
        return bounded(read_annotation(inner), constraints(metadata))
    if origin in (typing.Union, types.UnionType):
        return either(tuple(map(read_annotation, arguments)))
    if origin is Literal:
        return ChoiceType(tuple(plain_value(value) for value in arguments))
    if origin in _QUALIFIERS:
        return read_annotation(arguments[0])
    if origin in (type, collections.abc.Callable):
        return _SCALARS[origin]
    if origin in _GROUPS:
        return _of_group(_GROUPS[origin], arguments)
    return _of_class(origin) if inspect.isclass(origin) else UnknownType(_text(annotation))


def _of_group(name: str, arguments: tuple[Any, ...]) -> TypeExpr:
    repeats = arguments[-1:] == (...,)
    items = tuple(read_annotation(argument) for argument in arguments if argument is not ...)
    return Group(name, items, fixed=name == "tuple" and not repeats)


def _of_class(cls: type) -> TypeExpr:
    if issubclass(cls, Enum):
        values, names = tuple(plain_value(member) for member in cls), tuple(cls.__members__)
        return ChoiceType(values, enum=cls.__name__, names=names)
    if is_typed_dict(cls):
        return Group("dict", (Plain("str"), ANY), keys=tuple(_keys(cls)))
    return InstanceType(cls.__name__, cls.__module__)


def is_typed_dict(cls: type) -> bool:
    """Whether a class is a TypedDict, from `typing` or its backport."""
    return issubclass(cls, dict) and hasattr(cls, "__total__") and hasattr(cls, "__required_keys__")


def _keys(cls: Any) -> Iterator[Key]:
    """The keys that a TypedDict declares, those of its bases first."""
    for name, written in cls.__annotations__.items():
        alone = type(cls.__name__, (), {"__annotations__": {name: written}, "__module__": cls.__module__})
        try:
            annotation = typing.get_type_hints(alone, include_extras=True)[name]
        except NameError:  # a name that only type checkers import
            annotation = written
        required = name in cls.__required_keys__
        # Where annotations are text, the class itself does not know their wrappers.
        while (wrapper := getattr(get_origin(annotation), "_name", None)) in _ON_KEYS:
            required = required if wrapper == "ReadOnly" else wrapper == "Required"
            (annotation,) = get_args(annotation)
        yield Key(name, read_annotation(annotation), required)


def plain_value(value: Any) -> Any:
    """An enum member as the value that a config file contains."""
    return value.value if isinstance(value, Enum) else value


def _text(annotation: Any) -> str:
    return annotation.__qualname__ if inspect.isclass(annotation) else str(annotation)


def constraints(metadata: Iterable[Any]) -> dict[str, Any]:
    """Annotated-types, pydantic and msgspec constraints, by their annotated-types names."""
    found: dict[str, Any] = {}
    for one in metadata:
        for name in BOUND_NAMES:
            value = getattr(one, name, None)
            if isinstance(value, re.Pattern):
                value = value.pattern
            if isinstance(value, (int, float, str)):
                found.setdefault(name, value)
        nested = getattr(one, "metadata", None)
        if isinstance(nested, list):  # a pydantic FieldInfo inside Annotated
            found = {**constraints(nested), **found}
    return found
