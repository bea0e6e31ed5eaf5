"""The number of elements of a value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from pytest_llem_invariants.language.operators.record import SIZED, Example, Negated, Operator, Schema
from pytest_llem_invariants.language.values import of_length


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, Collection) else None


def _at_least_long(value: Any, count: Any) -> bool:
    size = _length(value)
    return size is not None and size >= count


def _at_most_long(value: Any, count: Any) -> bool:
    size = _length(value)
    return size is not None and size <= count


def _count(rhs: Any) -> bool:
    return isinstance(rhs, int) and not isinstance(rhs, bool) and rhs >= 0


def _sizes(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    yield from (value for size in (rhs, rhs + 1, max(rhs - 1, 0)) for value in of_length(size))


def sized(low: int | None, high: int | None) -> Schema:
    """Texts, lists and mappings of these lengths."""

    def bounds(noun: str) -> Schema:
        return {
            **({} if low is None else {f"min{noun}": low}),
            **({} if high is None else {f"max{noun}": high}),
        }

    return {
        "anyOf": [
            {"type": "string", **bounds("Length")},
            {"type": "array", **bounds("Items")},
            {"type": "object", **bounds("Properties")},
        ]
    }


OPERATORS: Final = (
    Operator(
        name="min_len",
        test=_at_least_long,
        examples=(Example(2, ("ab", [1, 2], {"a": 1, "b": 2}), ("a", [], 5, None)),),
        accepts=_count,
        wants="a count",
        negation=None,
        negated=Negated.JUDGED,
        opposite=lambda count: ("max_len", count - 1),
        takes=SIZED,
        word="min_len",
        phrase="has {} or more elements",
        fix="give {field} fewer than {rhs} elements",
        schema=lambda rhs, bools: sized(rhs, None),
        near=_sizes,
    ),
    Operator(
        name="max_len",
        test=_at_most_long,
        examples=(Example(0, ("", [], {}), ("a", [0], 0, None)),),
        accepts=_count,
        wants="a count",
        negation=None,
        negated=Negated.JUDGED,
        opposite=lambda count: ("min_len", count + 1),
        takes=SIZED,
        word="max_len",
        phrase="has at most {} elements",
        fix="give {field} more than {rhs} elements",
        schema=lambda rhs, bools: sized(None, rhs),
        near=_sizes,
    ),
)
