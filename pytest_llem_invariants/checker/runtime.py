"""What generated tests call: the operators and functions of the format on plain values, without heavy imports.

For a value of a builtin type these say what `predicates` and `expressions` say, with None for a missing value; for
any other value they ask those modules, which are only then imported. A property test holds both together.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

NUMBERS = frozenset({int, float})
SIZED = frozenset({str, bytes, list, tuple, dict, set, frozenset})
PLAIN = frozenset({int, float, str, bool, type(None), bytes, list, tuple, dict, set, frozenset})
KINDS: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    set: "set",
    frozenset: "frozenset",
}
INF = float("inf")
NAN = float("nan")
ABSENT = object()
"""Read for a field that is not given, where a given None is to be told from it."""
_LARGEST_RESULT_BITS = 4096


def _reference(op: str, value: Any, rhs: Any) -> bool:
    from pytest_llem_invariants.language.predicates import OPERATORS

    try:
        return OPERATORS[op].test(value, rhs)
    except Exception:  # a foreign object may raise anything, and another field may hold what no operator compares with
        return False


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


def length(value: Any) -> Any:
    kind = type(value)
    if kind in SIZED:
        return len(value)
    return None if kind in PLAIN else _function("len", value)


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


# Operators -----------------------------------------------------------------------------------------------------------


def same(left: Any, right: Any) -> bool:
    kind, other = type(left), type(right)
    if kind not in PLAIN or other not in PLAIN:
        from pytest_llem_invariants.language.predicates import same as reference

        return reference(left, right)
    if kind is bool or other is bool:
        return kind is other and left is right
    if (kind is list or kind is tuple) and (other is list or other is tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if kind is dict and other is dict:
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def eq(value: Any, rhs: Any) -> bool:
    return rhs is None if value is None else same(value, rhs)


def ne(value: Any, rhs: Any) -> bool:
    return value is not None and not same(value, rhs)


def _members(rhs: Any) -> Any:
    if type(rhs) in SIZED:
        return rhs
    from collections.abc import Collection

    return rhs if isinstance(rhs, Collection) else None


def is_in(value: Any, rhs: Any) -> bool:
    members = _members(rhs)
    return members is not None and any(eq(value, member) for member in members)


def not_in(value: Any, rhs: Any) -> bool:
    members = _members(rhs)
    return members is not None and value is not None and not any(same(value, member) for member in members)


def _comparable(value: Any, rhs: Any) -> bool | None:
    """Whether two plain values have an order; None where the reference must say."""
    kind, other = type(value), type(rhs)
    if kind in NUMBERS:
        if other in NUMBERS:
            return True
    elif kind is str and other is str:
        return True
    return False if kind in PLAIN and other in PLAIN else None


def lt(value: Any, rhs: Any) -> bool:
    known = _comparable(value, rhs)
    return _reference("<", value, rhs) if known is None else known and value < rhs


def le(value: Any, rhs: Any) -> bool:
    known = _comparable(value, rhs)
    return _reference("<=", value, rhs) if known is None else known and value <= rhs


def gt(value: Any, rhs: Any) -> bool:
    known = _comparable(value, rhs)
    return _reference(">", value, rhs) if known is None else known and value > rhs


def ge(value: Any, rhs: Any) -> bool:
    known = _comparable(value, rhs)
    return _reference(">=", value, rhs) if known is None else known and value >= rhs


def present(value: Any, want: Any) -> bool:
    return (value is None) is not want


def absent(value: Any, want: Any) -> bool:
    return (value is None) is want


def type_is(value: Any, names: Any) -> bool:
    if value is None:
        return False
    kind = KINDS.get(type(value))
    if kind is None or type(names) not in (str, list, tuple):
        return _reference("type_is", value, names)
    return kind == names if type(names) is str else kind in names


def type_is_not(value: Any, names: Any) -> bool:
    if value is None:
        return False
    kind = KINDS.get(type(value))
    if kind is None or type(names) not in (str, list, tuple):
        return _reference("type_is_not", value, names)
    return kind != names if type(names) is str else kind not in names


def divisible_by(value: Any, rhs: Any) -> bool:
    if type(value) is int and type(rhs) is int and rhs:
        return value % rhs == 0
    return _judged("divisible_by", value, rhs)


def not_divisible_by(value: Any, rhs: Any) -> bool:
    if type(value) is int and type(rhs) is int and rhs:
        return value % rhs != 0
    return _judged("not_divisible_by", value, rhs)


def _judged(op: str, value: Any, rhs: Any) -> bool:
    if (type(value) in PLAIN and type(value) not in NUMBERS) or (type(rhs) in PLAIN and type(rhs) not in NUMBERS):
        return False
    return _reference(op, value, rhs)


def min_len(value: Any, count: Any) -> bool:
    size = length(value)
    return size is not None and isinstance(count, (int, float)) and size >= count


def max_len(value: Any, count: Any) -> bool:
    size = length(value)
    return size is not None and isinstance(count, (int, float)) and size <= count


def truthy(value: Any, _: Any) -> bool:
    return bool(value) if type(value) in PLAIN else _reference("truthy", value, True)


def falsy(value: Any, _: Any) -> bool:
    return not value if type(value) in PLAIN else _reference("falsy", value, True)


def matches(value: Any, pattern: Any) -> bool:
    if not isinstance(value, str):
        return False
    from pytest_llem_invariants.language.patterns import is_found

    return is_found(pattern, value) is True


def not_matches(value: Any, pattern: Any) -> bool:
    if not isinstance(value, str):
        return False
    from pytest_llem_invariants.language.patterns import is_found

    return is_found(pattern, value) is False


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "in": is_in,
    "not_in": not_in,
    "present": present,
    "absent": absent,
    "type_is": type_is,
    "type_is_not": type_is_not,
    "divisible_by": divisible_by,
    "not_divisible_by": not_divisible_by,
    "min_len": min_len,
    "max_len": max_len,
    "truthy": truthy,
    "falsy": falsy,
    "matches": matches,
    "not_matches": not_matches,
}
