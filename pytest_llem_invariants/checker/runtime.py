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


def _function(name: str, *values: Any) -> Any:
    from pytest_llem_invariants.language.expressions import FUNCTIONS, MISSING

    result = FUNCTIONS[name](*values)
    return None if result is MISSING else result


def typed(name: str, kwargs: dict[str, Any]) -> Any:
    """A value that JSON cannot hold."""
    from pytest_llem_invariants.model import TypedValue

    return TypedValue(name, kwargs)


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
    if any(value is None for value in values):
        return None
    if name == "len":
        return length(values[0])
    value: Any = values[0] if len(values) == 1 else None
    kind = type(value)
    if name == "abs" and kind in NUMBERS:
        return abs(value)
    if name == "lower" and kind is str:
        return value.lower()
    if name == "upper" and kind is str:
        return value.upper()
    if name == "keys" and kind is dict:
        return list(value)
    return _function(name, *values)


def negative(value: Any) -> Any:
    return -value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            return None
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


add = _arithmetic(lambda a, b: a + b)
subtract = _arithmetic(lambda a, b: a - b)
multiply = _arithmetic(lambda a, b: a * b)
divide = _arithmetic(lambda a, b: a / b)
floor = _arithmetic(lambda a, b: a // b)
modulo = _arithmetic(lambda a, b: a % b)
