"""Values of a type and values around a constant, simplest first: probes and examples are made of them.

Only values that a corpus file can store: no tuples, sets or bytes, and objects only as typed values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, Protocol, final

from pytest_llem_invariants.language.kinds import same, type_names
from pytest_llem_invariants.model import TypedValue

SAMPLES: Final[Mapping[str, tuple[Any, ...]]] = {
    "none": (None,),
    "bool": (True, False),
    "int": (1, 0, 2, -1, 3, 7, 16, 1024, -2, 2**31, 2**63),
    "float": (0.5, 0.0, 1.0, 1.5, -0.5, -1.0, 2.5, 1e-9, 1e9, -0.0, math.nan, math.inf, -math.inf),
    "str": ("x", "", "1", "0.5", "auto", "X y", "true", "-1"),
    "list": (
        [],
        [1],
        ["x"],
        [0],
        [1, 2],
        [2, 1],
        [1, 1],
        [-1],
        [0.5],
        ["x", "y"],
        [True],
        [None],
        [[1]],
        [["x"]],
        [{}],
        [""],
        [{"x": 1}],
    ),
    "dict": ({}, {"x": 1}, {"x": "x"}, {"x": 0.5}, {"x": None}, {"x": [1]}, {"x": {}}, {"x": True}),
}
"""Values by the type names of `type_is`."""

_PLAIN: Final = frozenset({bool, int, float, str})
LARGEST_LENGTH: Final = 4096
_MOST_WORDS: Final = 16
"""At most so many of a field's real words are among its values; a rule that rejects their type is tried with all."""
_HELD_AS_LIST: Final = frozenset({"tuple", "set", "frozenset", "sequence", "iterable", "collection"})
_HELD_AS_TEXT: Final = frozenset({"path", "purepath", "pathlike"})
_HELD_AS_DICT: Final = frozenset({"mapping", "ordereddict", "defaultdict"})


class FieldLike(Protocol):
    """The facts of a field that probing needs; `miners.surface.facts.FieldFact` has them."""

    @property
    def types(self) -> tuple[str, ...]: ...
    @property
    def element_types(self) -> tuple[str, ...]: ...
    @property
    def nullable(self) -> bool: ...
    @property
    def literals(self) -> tuple[Any, ...] | None: ...
    @property
    def default(self) -> Any: ...
    @property
    def bounds(self) -> Mapping[str, Any]: ...
    @property
    def examples(self) -> tuple[Any, ...]: ...
    @property
    def words(self) -> tuple[Any, ...]: ...


def identity(value: Any) -> str:
    """A key for which 1, True and 1.0 differ, and nan equals itself."""
    return f"{type(value).__name__}:{value!r}"


def distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values without repetition, in order."""
    return tuple(by_identity(values).values())


def by_identity(values: Iterable[Any]) -> dict[str, Any]:
    """The values by their identities."""
    return {identity(value): value for value in values}


def holdable(value: Any) -> bool:
    """Whether a corpus file can store the value and return it unchanged."""
    if value is None or type(value) in _PLAIN:
        return True
    if isinstance(value, TypedValue):
        return all(holdable(inner) for inner in value.kwargs.values())
    if isinstance(value, Mapping):
        return all(isinstance(key, (str, int)) and holdable(inner) for key, inner in value.items())
    return isinstance(value, list) and all(holdable(inner) for inner in value)


def as_held(value: Any) -> Any:
    """The value as a corpus file stores it: tuples and sets as lists."""
    if isinstance(value, (list, tuple)):
        return [as_held(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return [as_held(inner) for inner in sorted(value, key=identity)]
    if isinstance(value, Mapping):
        return {key: as_held(inner) for key, inner in value.items()}
    return value


def named_types(value: Any) -> Iterator[str]:
    """The native types of all typed values at any depth."""
    if isinstance(value, TypedValue):
        yield value.type
        value = value.kwargs
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ():
        yield from named_types(inner)


def neighbours(value: Any) -> Iterator[Any]:
    """The value itself, then values around it, then values that look like it."""
    yield value
    match value:
        case bool():
            yield not value
            yield int(value)
        case int():
            yield from (value + 1, value - 1)
            if abs(value) < 2**53:
                yield float(value)
                yield from (value + 0.5, value - 0.5)
            if value in (0, 1):
                yield bool(value)
            if value > 1:
                yield from (value * 2, value // 2)
        case float() if math.isfinite(value):
            yield from (math.nextafter(value, math.inf), math.nextafter(value, -math.inf))
            yield from (value + 1, value - 1, value * 2, value / 2)
            if value.is_integer():
                yield int(value)
            if value in (0.0, 1.0):
                yield bool(value)
        case float():
            yield 0.0
        case str():
            yield from (value + "x", value[:-1], value.upper(), value.lower(), "")
        case list() | tuple():
            items = list(value)
            yield from (items, items[:-1], [*items, *items[:1]], [], items[::-1])
        case TypedValue(type=name):
            yield TypedValue(name)
        case Mapping():
            yield {}


def near_value(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    """The values around the right-hand side of an operator."""
    yield from neighbours(rhs)


def of_length(size: int) -> Iterator[Any]:
    """Lists, texts and mappings with so many elements, up to a practical limit."""
    if size > LARGEST_LENGTH:
        return
    yield list(range(size))
    yield [f"x{index}" for index in range(size)]
    yield "x" * size
    yield {f"x{index}": 1 for index in range(size)}


def samples_of(type_name: str, typed: Iterable[str] = ()) -> tuple[Any, ...]:
    """Values of a type by its name; an allowlisted class (one of `typed`) gives its typed value."""
    name = type_name.lower()
    if name in _HELD_AS_LIST:
        return SAMPLES["list"]
    if name in _HELD_AS_DICT:
        return SAMPLES["dict"]
    if name in _HELD_AS_TEXT:
        return SAMPLES["str"]
    if name in SAMPLES:
        return SAMPLES[name]
    full = resolve_class(type_name, typed)
    return () if full is None else (TypedValue(full),)


def resolve_class(name: str, typed: Iterable[str]) -> str | None:
    """The allowlisted native type with that full or last name; None if there is none or more than one.

    A build asks a million times: the result for each name is cached, so `typed` must not change.
    """
    try:
        return _lately[id(typed)][name]
    except KeyError:
        return _lately.remember(_Names(typed))[name] if typed else None


@final
class _Names(dict[str, str | None]):
    """The results of one allowlist by name."""

    def __init__(self, typed: Iterable[str]) -> None:
        super().__init__()
        self.asked = typed
        """Keeps it alive, so that no other object has its identity."""
        self._typed = tuple(typed)

    def __missing__(self, name: str) -> str | None:
        last = name.rpartition(".")[2]
        found = (name,) if name in self._typed else [full for full in self._typed if full.rpartition(".")[2] == last]
        self[name] = answer = found[0] if len(found) == 1 else None
        return answer


@final
class _Lately(dict[int, _Names]):
    """An `lru_cache` by identity: a surface has no hash, and hashing a long tuple takes longer than the function."""

    _MOST: Final = 16

    def remember(self, names: _Names) -> _Names:
        if len(self) == self._MOST:
            del self[next(iter(self))]
        self[id(names.asked)] = names
        return names


_lately: Final = _Lately()


def fits(value: Any, field: FieldLike) -> bool:
    """Whether the value has the field's declared type; without a declared type, any value does."""
    return fitting(field)(value)


def fitting(field: FieldLike) -> Callable[[Any], bool]:
    """`fits`, for many values of one field."""
    known = (*(field.literals or ()), *field.examples)
    declared = {name.lower() for name in field.types} | {name.rpartition(".")[2].lower() for name in field.types}
    takes_anything = not field.types or "any" in field.types
    literal_kinds = {type(literal) for literal in field.literals or ()}
    inside = {name.lower() for name in field.element_types}

    def test(value: Any) -> bool:
        if value is None:
            return field.nullable
        if takes_anything or any(same(value, one) for one in known):
            return True
        if _answers_to(value).isdisjoint(declared) or type(value) in literal_kinds:
            return False
        if not inside or "any" in field.element_types:
            return True
        elements = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        return all(not _answers_to(element).isdisjoint(inside) for element in elements)

    return test


def taking(field: FieldLike) -> str:
    """A key for `fitting`: fields with the same key accept the same values."""
    return repr((field.types, field.element_types, field.nullable, field.literals, field.examples))


def _answers_to(value: Any) -> frozenset[str]:
    return _widened(type_names(value))


@cache
def _widened(type_names: frozenset[str]) -> frozenset[str]:
    names = {name.lower() for name in type_names}
    if "int" in names:
        names.add("float")
    if "str" in names:
        names |= _HELD_AS_TEXT
    if "list" in names:
        names |= _HELD_AS_LIST
    if "dict" in names:
        names |= _HELD_AS_DICT
    return frozenset(names)


@final
class Pool:
    """Values to try for a field: declared types first, constants and their neighbours before samples.

    The part that does not depend on the constants is computed once.
    """

    def __init__(self, field: FieldLike, typed: Iterable[str] = ()) -> None:
        spelled = list(_spelled_out(field))
        near = (one for value in spelled for one in neighbours(value))
        self._spelled = _held(spelled)
        self._of_type = _held([*_samples_of_field(field, typed), *near])
        self._words = _held(field.words[:_MOST_WORDS])
        self._is_fitting = fitting(field)
        self._fits: dict[str, bool] = {}

    def beside(self, constants: Iterable[Any] = ()) -> tuple[Any, ...]:
        """The values around those constants, where the field's behaviour may change."""
        return tuple(self.keyed(by_identity(constants)).values())

    def keyed(self, constants: Mapping[str, Any]) -> dict[str, Any]:
        """The same, with the constants and values by their identities."""
        near: dict[str, Any] = {}
        for key, value in constants.items():
            near.update(_near(key, value))
        held = {key: value for key, value in constants.items() if holdable(value)}
        values = {**self._spelled, **held, **self._of_type, **self._words, **near, **_all_samples()}
        fit = {key: self.fits_at(key, value) for key, value in values.items()}
        return {key: values[key] for wanted in (True, False) for key, fine in fit.items() if fine is wanted}

    def fits(self, value: Any) -> bool:
        """Whether a value has the field's declared type."""
        return self.fits_at(identity(value), value)

    def fits_at(self, key: str, value: Any) -> bool:
        """The same for a value whose identity is known."""
        if key not in self._fits:
            self._fits[key] = self._is_fitting(value)
        return self._fits[key]


@final
class Pools:
    """The pools of several fields by name, each computed on first use."""

    def __init__(self, field_of: Callable[[str], FieldLike], typed: Iterable[str] = ()) -> None:
        self._field_of = field_of
        self._typed = typed
        self._made: dict[str, Pool] = {}

    def of(self, name: str) -> Pool:
        if name not in self._made:
            self._made[name] = Pool(self._field_of(name), self._typed)
        return self._made[name]


def pool(field: FieldLike, constants: Iterable[Any] = (), typed: Iterable[str] = ()) -> tuple[Any, ...]:
    """The values to try for a field that is needed only once."""
    return Pool(field, typed).beside(constants)


_nearest: Final[dict[str, Mapping[str, Any]]] = {}
_MOST_NEAREST: Final = 20_000


def _near(key: str, value: Any) -> Mapping[str, Any]:
    """The values around a value that a corpus file can store; the same few constants recur often."""
    known = _nearest.get(key)
    if known is None:
        if len(_nearest) == _MOST_NEAREST:
            _nearest.clear()
        known = _nearest[key] = _held(neighbours(value))
    return known


def _held(values: Iterable[Any]) -> dict[str, Any]:
    return by_identity(filter(holdable, values))


@cache
def _all_samples() -> Mapping[str, Any]:
    return by_identity(value for values in SAMPLES.values() for value in values)


def _spelled_out(field: FieldLike) -> Iterator[Any]:
    yield from field.literals or ()
    yield from field.examples
    if holdable(field.default):
        yield field.default
    for operator, bound in field.bounds.items():
        if operator in ("min_length", "max_length") and isinstance(bound, int) and bound < 64:
            yield from ("x" * size for size in (bound, bound + 1, max(bound - 1, 0)))
            yield from ([1] * size for size in (bound, bound + 1, max(bound - 1, 0)))
        elif operator != "pattern":
            yield bound


def _samples_of_field(field: FieldLike, typed: Iterable[str]) -> Iterator[Any]:
    for name in field.types:
        yield from samples_of(name, typed)
        if name.lower() in ("list", "dict", *_HELD_AS_LIST, *_HELD_AS_DICT):
            for element in field.element_types:
                for value in samples_of(element, typed)[:3]:
                    yield {"x": value} if name.lower() in ("dict", *_HELD_AS_DICT) else [value]
