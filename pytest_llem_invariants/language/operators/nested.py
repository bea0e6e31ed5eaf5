"""What a value is, with all that is inside it: none of several kinds.

A kind is the name of a type, `{in: [values]}`, `{matches: text}`, `{each: kinds}` for the elements of a list, or
`{has: {key: kinds}, may: {key: kinds}, values: kinds}` for a mapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any, Final

from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.kinds import BUILTIN_KINDS, is_unset, type_names
from pytest_llem_invariants.language.operators.record import (
    Example,
    Negated,
    Operator,
    Schema,
    UnsayableError,
    nothing,
)
from pytest_llem_invariants.language.patterns import NonLinearError, compiled, is_found
from pytest_llem_invariants.language.values import samples_of

_JSON: Final[Mapping[str, Any]] = {
    "none": "null",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "string",
    "list": "array",
    "dict": "object",
}
_PLAIN: Final = (bool, int, float, str, bytes, list, tuple, set, frozenset, dict, type(None))
_SEVERAL: Final = (list, tuple, set, frozenset)
_OF_MAPPING: Final = frozenset({"has", "may", "values"})
_TEXTS: Final = ("1", "true", "a", "")
_WRONG: Final[tuple[Any, ...]] = (1, "x", None, [], {})
_MOST_NEAR: Final = 80
_DEEPEST: Final = 12


def _unlike(value: Any, kinds: Any) -> bool:
    """Whether a value that is given is none of the kinds. Of an object of no plain kind nothing is said."""
    return not is_unset(value) and not any(_is(value, kind) for kind in kinds)


def _is(value: Any, kind: Any) -> bool:
    if not isinstance(value, _PLAIN):
        return True
    if type(kind) is str:
        return kind in type_names(value)
    if "in" in kind:
        return any(value == one for one in kind["in"])
    if "matches" in kind:
        return isinstance(value, str) and is_found(kind["matches"], value) is not False
    if "each" in kind:
        inner = kind["each"]
        return isinstance(value, _SEVERAL) and all(any(_is(one, other) for other in inner) for one in value)
    return isinstance(value, dict) and _is_mapping(value, kind)


def _is_mapping(value: Mapping[Any, Any], kind: Mapping[str, Any]) -> bool:
    has, may, rest = kind.get("has", {}), kind.get("may", {}), kind.get("values")
    return (
        all(key in value and any(_is(value[key], one) for one in kinds) for key, kinds in has.items())
        and all(key not in value or any(_is(value[key], one) for one in kinds) for key, kinds in may.items())
        and (rest is None or all(any(_is(held, one) for one in rest) for held in value.values()))
    )


def _are_kinds(rhs: Any, depth: int = 0) -> bool:
    return isinstance(rhs, list) and bool(rhs) and depth < _DEEPEST and all(_is_kind(one, depth) for one in rhs)


def _is_kind(kind: Any, depth: int) -> bool:
    if isinstance(kind, str):
        return kind in BUILTIN_KINDS
    if not isinstance(kind, Mapping) or not kind:
        return False
    match list(kind):
        case ["in"]:
            values = kind["in"]
            return isinstance(values, list) and bool(values) and all(_is_scalar(value) for value in values)
        case ["matches"]:
            return isinstance(kind["matches"], str) and _is_linear(kind["matches"])
        case ["each"]:
            return _are_kinds(kind["each"], depth + 1)
        case keys:
            named = [kind.get(key, {}) for key in ("has", "may")]
            return (
                set(keys) <= _OF_MAPPING
                and all(isinstance(inner, Mapping) for inner in named)
                and all(isinstance(name, str) for inner in named for name in inner)
                and all(_are_kinds(kinds, depth + 1) for inner in named for kinds in inner.values())
                and ("values" not in kind or _are_kinds(kind["values"], depth + 1))
            )


def _is_linear(pattern: str) -> bool:
    try:
        compiled(pattern)
    except NonLinearError:
        return False
    return True


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _in_words(kinds: Any) -> str:
    return " or ".join(dict.fromkeys(_said(kind) for kind in kinds))


def _said(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    if "in" in kind:
        return " or ".join(map(repr, kind["in"]))
    if "matches" in kind:
        return "text of one form"
    if "each" in kind:
        return f"a list of {_in_words([one for one in kind['each'] if isinstance(one, str)] or ['its kinds'])}"
    return f"a mapping with {', '.join(kind['has'])}" if kind.get("has") else "a mapping of its kinds"


def _near(kinds: Any, typed: Iterable[str]) -> Iterator[Any]:
    """A value of each kind, lists of two kinds, and each with one part that is wrong."""
    yield from islice(_around(kinds, typed), _MOST_NEAR)


def _around(kinds: Any, typed: Iterable[str]) -> Iterator[Any]:
    yield {}
    yield from (_sample(kind, typed) for kind in kinds)
    several = [_sample(kind["each"][0], typed) for kind in kinds if isinstance(kind, Mapping) and "each" in kind]
    yield from ([one, other] for one in several for other in several if type(one) is not type(other))
    inside = (_broken(kind, typed) for kind in kinds if isinstance(kind, Mapping))
    for row in zip_longest(*inside, fillvalue=MISSING):  # of each kind in turn: the first of them has many parts
        yield from (one for one in row if one is not MISSING)


def _sample(kind: Any, typed: Iterable[str]) -> Any:
    if isinstance(kind, str):
        return next(iter(samples_of(kind, typed)), None)
    if "in" in kind:
        return kind["in"][0]
    if "matches" in kind:
        return next((text for text in _TEXTS if is_found(kind["matches"], text)), "x")
    if "each" in kind:
        return [_sample(kind["each"][0], typed)]
    return {key: _sample(kinds[0], typed) for key, kinds in kind.get("has", {}).items()}


def _broken(kind: Mapping[str, Any], typed: Iterable[str]) -> Iterator[Any]:
    """Values that are of a kind but for one part."""
    if "each" in kind:
        good = _sample(kind["each"][0], typed)
        yield from ([good, wrong] for wrong in _wrong(kind["each"]))
        yield from ([part] for one in kind["each"] if isinstance(one, Mapping) for part in _broken(one, typed))
        return
    whole = _sample(kind, typed)
    if not isinstance(whole, dict):
        return
    named = {**kind.get("has", {}), **kind.get("may", {})}
    yield from ({**whole, "x": wrong} for wrong in (_wrong(kind["values"]) if "values" in kind else ()))
    yield from ({name: value for name, value in whole.items() if name != key} for key in kind.get("has", {}))
    for key, kinds in named.items():
        yield from ({**whole, key: wrong} for wrong in (*_wrong(kinds), *(_sample(one, typed) for one in kinds[:2])))
    for key, kinds in named.items():
        inside = (part for one in kinds if isinstance(one, Mapping) for part in _broken(one, typed))
        yield from ({**whole, key: part} for part in inside)


def _wrong(kinds: Any) -> list[Any]:
    return [value for value in _WRONG if not any(_is(value, kind) for kind in kinds)][:2]


def _schema(kinds: Any, bools: bool) -> Schema:
    return {"not": {"anyOf": [*_schemas(kinds), {"type": "null"}]}}


def _schemas(kinds: Any) -> list[Schema]:
    """A schema of each kind that JSON has; wider where JSON is less exact, so that less is claimed."""
    return [found for kind in kinds if (found := _schema_of(kind)) is not None]


def _schema_of(kind: Any) -> Schema | None:
    if isinstance(kind, str):
        return {"type": _JSON[kind]} if kind in _JSON else None
    if "in" in kind:
        if any(isinstance(value, (bool, int, float)) for value in kind["in"]):
            raise UnsayableError("JSON distinguishes 1 from true")
        return {"enum": kind["in"]}
    if "matches" in kind:
        return {"type": "string"}
    if "each" in kind:
        return {"type": "array", "items": {"anyOf": _schemas(kind["each"])}}
    properties = {
        name: {"anyOf": _schemas(kinds)}
        for inner in ("has", "may")
        for name, kinds in kind.get(inner, {}).items()
        if _schemas(kinds)
    }
    found: Schema = {"type": "object", "required": sorted(kind.get("has", {})), "properties": properties}
    return {**found, "additionalProperties": {"anyOf": _schemas(kind["values"])}} if "values" in kind else found


OPERATORS: Final = (
    Operator(
        name="unlike",
        test=_unlike,
        examples=(
            Example(["str", {"each": ["str"]}], (1, {}, ["a", 1], [["a"]], [None]), ("a", [], ["a"], ("a",), None)),
            Example([{"each": ["int", {"matches": "^[0-9]+$"}]}, {"each": ["str"]}], (["a", 1],), ([1, "2"], ["a"])),
            Example(
                [{"has": {"role": [{"in": ["user"]}]}, "may": {"name": ["str"]}}],
                ({}, {"role": "x"}, {"role": "user", "name": 5}, {"role": None}, "user"),
                ({"role": "user"}, {"role": "user", "name": "a"}, {"role": "user", "more": 1}),
            ),
            Example([{"values": ["int"]}], ({"a": "b"}, 1), ({}, {"a": 1})),
        ),
        accepts=_are_kinds,
        wants="a list of kinds: type names, or mappings with in, matches, each, or has, may and values",
        negation=None,
        negated=Negated.JUDGED,
        takes=None,
        lists=True,
        word="unlike",
        phrase="is not {}",
        words=_in_words,
        fix="give {field} as {rhs}",
        schema=_schema,
        near=_near,
        constants=nothing,
    ),
)
