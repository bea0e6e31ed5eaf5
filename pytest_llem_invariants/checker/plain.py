"""The operators on plain values, for the compiled checker: a check of one small config must start fast.

For a value of a builtin type these say what the records in `language/operators/` say, with None for a missing value;
for any other value they ask the record, which is only then imported. Tests made from the records hold both together.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
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
"""As generated code writes them."""


def reference(op: str, value: Any, rhs: Any) -> bool:
    """What the operator's record says, with None for a missing value."""
    from pytest_llem_invariants.language.expressions import MISSING
    from pytest_llem_invariants.language.operators import OPERATORS

    try:
        return OPERATORS[op].test(MISSING if value is None else value, rhs)
    except Exception:  # a foreign object may raise anything, and another field may hold what no operator compares with
        return False


def length(value: Any) -> Any:
    kind = type(value)
    if kind in SIZED:
        return len(value)
    if kind in PLAIN:
        return None
    from collections.abc import Collection

    return len(value) if isinstance(value, Collection) else None


def same(left: Any, right: Any) -> bool:
    kind, other = type(left), type(right)
    if kind not in PLAIN or other not in PLAIN:
        from pytest_llem_invariants.language.kinds import same as known

        return known(left, right)
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
    return reference("<", value, rhs) if known is None else known and value < rhs


def le(value: Any, rhs: Any) -> bool:
    known = _comparable(value, rhs)
    return reference("<=", value, rhs) if known is None else known and value <= rhs


def gt(value: Any, rhs: Any) -> bool:
    known = _comparable(value, rhs)
    return reference(">", value, rhs) if known is None else known and value > rhs


def ge(value: Any, rhs: Any) -> bool:
    known = _comparable(value, rhs)
    return reference(">=", value, rhs) if known is None else known and value >= rhs


def present(value: Any, want: Any) -> bool:
    return (value is None) is not want


def absent(value: Any, want: Any) -> bool:
    return (value is None) is want


def _are_names(names: Any) -> bool:
    return type(names) is str or (type(names) in (list, tuple) and all(type(name) is str for name in names))


def type_is(value: Any, names: Any) -> bool:
    if value is None:
        return False
    kind = KINDS.get(type(value))
    if kind is None or not _are_names(names):
        return reference("type_is", value, names)
    return kind == names if type(names) is str else kind in names


def type_is_not(value: Any, names: Any) -> bool:
    if value is None:
        return False
    kind = KINDS.get(type(value))
    if kind is None or not _are_names(names):
        return reference("type_is_not", value, names)
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
    return reference(op, value, rhs)


def min_len(value: Any, count: Any) -> bool:
    size = length(value)
    return size is not None and isinstance(count, (int, float)) and size >= count


def max_len(value: Any, count: Any) -> bool:
    size = length(value)
    return size is not None and isinstance(count, (int, float)) and size <= count


def truthy(value: Any, _: Any) -> bool:
    return bool(value) if type(value) in PLAIN else reference("truthy", value, True)


def falsy(value: Any, _: Any) -> bool:
    return not value if type(value) in PLAIN else reference("falsy", value, True)


def matches(value: Any, pattern: Any) -> bool:
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    from pytest_llem_invariants.language.patterns import is_found

    return is_found(pattern, value) is True


def not_matches(value: Any, pattern: Any) -> bool:
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    from pytest_llem_invariants.language.patterns import is_found

    return is_found(pattern, value) is False
