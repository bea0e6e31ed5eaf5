"""What generated tests call beside the operators: the functions of the format on plain values, without heavy imports.

For a value of a builtin type these say what `expressions` says, with None for a missing value; for any other value
they ask that module, which is only then imported. A property test holds both together.
"""

from __future__ import annotations

from pytest_llem_invariants.checker.plain import NUMBERS, PLAIN, SIZED, length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

ABSENT = object()
"""Read for a field that is not given, where a given None is to be told from it."""
_LARGEST_RESULT_BITS = 4096
_WORD = 2**64
"""No less than most numbers are."""


class Unknown:
    """What a fact or a field is of which nobody told the value, and what is made of it: whether a whole number, and no
    less than what."""

    __slots__ = ("least", "whole")

    def __init__(self, whole: bool, least: float | None) -> None:
        self.whole = whole
        self.least = least

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = Unknown(False, None)
"""The value of a field that is given but not told. As a key of a config: fields that nobody tells may be given, too."""
WHOLE, COUNT, POSITIVE = Unknown(True, None), Unknown(True, 0), Unknown(True, 1)
"""Of a fact that is declared as a number: any that is whole, one that counts something, one of something that is there.
Each may be nothing, too."""
OPEN_KINDS = frozenset({Unknown, dict, list, tuple})
"""The kinds of value in which something may be unknown."""
_DEEPEST = 100
_FAILS_ON_NONE = frozenset({"<", "<=", ">", ">=", "==", "!=", "divisible_by", "not_divisible_by"})
"""What nothing satisfies that is not given, whatever it is compared with."""
_MIRRORED = {"<": ">", "<=": ">="}


def unsure(value: Any, depth: int = 0) -> bool:
    """Whether a value, or anything inside it, is unknown; so is what nests deeper than any config."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(item) in OPEN_KINDS and (depth > _DEEPEST or unsure(item, depth + 1)):
                return True
            if type(key) in OPEN_KINDS and unsure(key, depth + 1):
                return True
        return depth > _DEEPEST
    if kind is list or kind is tuple:
        for item in value:
            if type(item) in OPEN_KINDS and (depth > _DEEPEST or unsure(item, depth + 1)):
                return True
        return depth > _DEEPEST
    return kind is Unknown


def may(op: str, left: Any, right: Any) -> bool:
    """Whether a comparison may hold of which one side is unknown, or both are."""
    if left is None:
        return op not in _FAILS_ON_NONE
    if op == "not_divisible_by":
        return not (type(left) is Unknown and left.whole and divides_all(right))
    if op in _MIRRORED:
        op, left, right = _MIRRORED[op], right, left
    if op == "==" and type(left) is Unknown:
        left, right = right, left
    if type(right) is not Unknown or right.least is None or not isinstance(left, (int, float)):
        return True
    if op == ">":
        return left > right.least
    return op not in (">=", "==") or left >= right.least


def _function(name: str, *values: Any) -> Any:
    from pytest_llem_invariants.language.expressions import FUNCTIONS, MISSING

    result = FUNCTIONS[name](*values)
    return None if result is MISSING else result


def typed(name: str, kwargs: dict[str, Any]) -> Any:
    """A value that JSON cannot hold; one without arguments, such as most defaults are, is made once."""
    known = None if kwargs else _TYPED.get(name)
    if known is not None:
        return known
    from pytest_llem_invariants.model import TypedValue

    made = TypedValue(name, kwargs)
    if not kwargs and len(_TYPED) < _MOST_TYPED:
        _TYPED[name] = made
    return made


_TYPED: dict[str, Any] = {}
_MOST_TYPED = 1000


def hit(hits: list[int] | None, rule: int) -> list[int]:
    """The hits so far and one more: called so seldom that nothing is prepared for it."""
    if hits is None:
        return [rule]
    hits.append(rule)
    return hits


# Values --------------------------------------------------------------------------------------------------------------


def path(default: Any, value: Any, *names: str) -> Any:
    """The value at a path; the default where the path ends early."""
    for name in names:
        if type(value) is dict:
            if name not in value:
                return default
            value = value[name]
        elif value is None:
            return default
        elif type(value) is Unknown:
            return value
        else:
            from pytest_llem_invariants.language.expressions import MISSING, read_path

            value = read_path(value, name)
            if value is MISSING:
                return default
    return value


def as_number(value: Any) -> Any:
    """A bool as the number it is in Python."""
    return int(value) if isinstance(value, bool) else value


def each(value: Any) -> Iterator[Any]:
    """The elements of a collection; nothing of anything else."""
    if type(value) in SIZED:
        if type(value) is not str and type(value) is not bytes:
            yield from value
    elif type(value) not in PLAIN:
        from collections.abc import Collection

        if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
            yield from value


def nested(outer: Iterator[Any]) -> Iterator[Any]:
    """The elements of the elements."""
    for value in outer:
        yield from each(value)


def call(name: str, *values: Any) -> Any:
    """A function of the expression language; none of them gives anything for a value that is not there."""
    for value in values:
        if value is None:
            return None
    for value in values:
        if type(value) in OPEN_KINDS and unsure(value):
            return UNKNOWN
    if name == "len":
        return length(values[0])
    only: Any = values[0] if len(values) == 1 else None
    kind = type(only)
    if name == "abs" and kind in NUMBERS:
        return abs(only)
    if name == "lower" and kind is str:
        return only.lower()
    if name == "upper" and kind is str:
        return only.upper()
    if name == "keys" and kind is dict:
        return list(only)
    return _function(name, *values)


def negative(value: Any) -> Any:
    if type(value) is Unknown:
        return Unknown(value.whole, None)
    return -value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _arithmetic(function: Callable[[Any, Any], Any], *, grows: bool = False) -> Callable[[Any, Any], Any]:
    """An operator; of one that `grows` the result of two numbers that are not below 0 is known not to be less."""

    def apply(left: Any, right: Any) -> Any:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            return _open(left, right, function if grows else None)
        if (
            isinstance(left, int)
            and isinstance(right, int)
            and left.bit_length() + right.bit_length() > _LARGEST_RESULT_BITS
        ):
            return None
        try:
            return function(left, right)
        except (ArithmeticError, ValueError):
            return None

    return apply


def _open(left: Any, right: Any, grows: Callable[[Any, Any], Any] | None) -> Any:
    """What is made of two numbers of which one is unknown; None where the other is none."""
    if type(left) is not Unknown and type(right) is not Unknown:
        return None
    if not isinstance(left, (int, float, Unknown)) or not isinstance(right, (int, float, Unknown)):
        return None
    whole = all(value.whole if type(value) is Unknown else isinstance(value, int) for value in (left, right))
    least, other = _least(left), _least(right)
    if grows is None or least is None or other is None:
        return Unknown(whole, None)
    try:
        return Unknown(whole, grows(least, other))
    except ArithmeticError:
        return Unknown(whole, None)


def _least(value: Any) -> Any:
    """What a number is not less than, where that is not below 0."""
    if type(value) is Unknown:
        return value.least
    return value if value >= 0 else None


def _division(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    divided = _arithmetic(function)

    def apply(left: Any, right: Any) -> Any:
        return None if type(left) is Unknown and isinstance(right, (int, float)) and not right else divided(left, right)

    return apply


def modulo(left: Any, right: Any) -> Any:
    """What is left over; of a whole number by 1 that is 0, whichever it is."""
    if type(left) is int and type(right) is int and right and -_WORD < left < _WORD and -_WORD < right < _WORD:
        return left % right
    return 0 if type(left) is Unknown and left.whole and divides_all(right) else _modulo(left, right)


def divides_all(value: Any) -> bool:
    """Whether every whole number can be divided by it."""
    return isinstance(value, int) and value in (1, -1)


add = _arithmetic(lambda a, b: a + b, grows=True)
subtract = _arithmetic(lambda a, b: a - b)
multiply = _arithmetic(lambda a, b: a * b, grows=True)
_quotient = _division(lambda a, b: a / b)
floor = _division(lambda a, b: a // b)
_modulo = _division(lambda a, b: a % b)


def divide(left: Any, right: Any) -> Any:
    """A quotient, which need not be whole."""
    quotient = _quotient(left, right)
    return UNKNOWN if type(quotient) is Unknown else quotient
