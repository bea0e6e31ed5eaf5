"""The type of a value, by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.kinds import is_unset, type_names
from pytest_llem_invariants.language.operators.record import (
    Example,
    Negated,
    Operator,
    Schema,
    UnsayableError,
    nothing,
)
from pytest_llem_invariants.language.values import samples_of
from pytest_llem_invariants.model import TypedValue

_JSON_TYPES: Final[Mapping[str, str]] = {
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "string",
    "list": "array",
    "dict": "object",
    "none": "null",
}


def _as_names(rhs: Any) -> Collection[str]:
    return (rhs,) if isinstance(rhs, str) else rhs


def _type_is(value: Any, rhs: Any) -> bool:
    """A given None has the type none: no other operator distinguishes it from a missing field."""
    return value is not MISSING and not type_names(value).isdisjoint(_as_names(rhs))


def _type_is_not(value: Any, rhs: Any) -> bool:
    return not is_unset(value) and type_names(value).isdisjoint(_as_names(rhs))


def _are_names(rhs: Any) -> bool:
    names = _as_names(rhs) if isinstance(rhs, (str, list, tuple)) else ()
    return bool(names) and all(isinstance(name, str) and name for name in names)


def _names_none(rhs: Any) -> bool:
    return "none" in _as_names(rhs)


def _in_words(rhs: Any) -> str:
    return " or ".join(_as_names(rhs))


def _samples(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    yield from (value for name in _as_names(rhs) for value in samples_of(name, typed))


def _of_type(rhs: Any, bools: bool) -> Schema:
    """JSON treats 1.0 as an integer: if that matters, claim too little rather than too much."""
    names = list(_as_names(rhs))
    kinds: list[Schema] = [{"type": _JSON_TYPES[name]} for name in names if name in _JSON_TYPES]
    if "float" in names and "int" not in names:
        kinds = [kind for kind in kinds if kind != {"type": "number"}]
        kinds.append({"type": "number", "not": {"type": "integer"}})
    if "int" in names and "float" not in names:
        raise UnsayableError("JSON does not distinguish 1 from 1.0")
    return {"anyOf": _some(kinds, names)}


def _of_no_type(rhs: Any, bools: bool) -> Schema:
    names = list(_as_names(rhs))
    kinds: list[Schema] = [{"type": _JSON_TYPES[name]} for name in names if name in _JSON_TYPES]
    return {"not": {"anyOf": [*_some(kinds, names), {"type": "null"}]}}


def _some(kinds: list[Schema], names: list[str]) -> list[Schema]:
    if not kinds:
        raise UnsayableError(f"JSON has no type {' or '.join(names)}")
    return kinds


OPERATORS: Final = (
    Operator(
        name="type_is",
        test=_type_is,
        examples=(
            Example("int", (1, -1), (True, 1.0, "1", None)),
            Example(["int", "bool"], (1, True), (1.0, None)),
            Example("dict", ({},), ([], None)),
            Example("none", (None,), (0, "", "none")),
            Example(["none", "int"], (None, 1), (1.0,)),
            Example("lib.Other", (TypedValue("lib.Other"),), (TypedValue("lib.Else"), {})),
            Example("Other", (TypedValue("lib.Other"),), ("Other",)),
        ),
        accepts=_are_names,
        wants="a type name or a list of them",
        negation="type_is_not",
        negated=Negated.GIVEN,
        takes=None,
        judges_kind=True,
        tells_none=_names_none,
        lists=True,
        word="type",
        phrase="is of type {}",
        words=_in_words,
        fix="change {field}",
        schema=_of_type,
        near=_samples,
        constants=nothing,
    ),
    Operator(
        name="type_is_not",
        test=_type_is_not,
        examples=(Example("int", (True, 1.0, "1", []), (1, None)),),
        accepts=_are_names,
        wants="a type name or a list of them",
        negation="type_is",
        negated=Negated.GIVEN,
        takes=None,
        judges_kind=True,
        lists=True,
        word="not_type",
        phrase="is not of type {}",
        words=_in_words,
        fix="give {field} as {rhs}",
        schema=_of_no_type,
        near=_samples,
        constants=nothing,
    ),
)
