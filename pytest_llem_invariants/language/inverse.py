"""Invert a predicate: which values in which fields give an expression a wanted value."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, product
from math import nan
from typing import Any, Final

from pytest_llem_invariants.language.expressions import Expression, is_number, owner_of, parse
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import compile_match, plain_value, reference_of
from pytest_llem_invariants.language.values import LARGEST_LENGTH, distinct, holdable, of_length
from pytest_llem_invariants.model import Clause, Match

_MOST_OF_EACH: Final = 8


def constants_of(fields: Mapping[str, tuple[Clause, ...]]) -> tuple[Any, ...]:
    """Every plain value that a predicate compares with, including the members of lists."""
    found: list[Any] = []
    for clauses in fields.values():
        for clause in clauses:
            if reference_of(clause.rhs) is None:
                found.extend(OPERATORS[clause.op].constants(plain_value(clause.rhs)))
    return distinct(value for value in found if holdable(value))


def wanted_values(clause: Clause, typed: Iterable[str]) -> Iterator[Any]:
    """Values that satisfy a clause on a plain field, or nearly do."""
    if reference_of(clause.rhs) is not None:
        yield from (0, 1, 2, 3)
        return
    yield from OPERATORS[clause.op].near(plain_value(clause.rhs), typed)


def values_by_field(subject: str, clauses: tuple[Clause, ...], typed: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """For every field in a subject or its references, values for which the clauses on the subject may hold."""
    parsed = parse(subject)
    for clause in clauses:
        reference = reference_of(clause.rhs)
        related = None if reference is None else parse(reference)
        for value in wanted_values(clause, typed):
            yield from _bringing(parsed, value)
            if related is not None:
                yield from _bringing(related, value)
    if not parsed.is_field:
        for value in (1, 0, 2, -1, "x", 0.5, None, True, [1], {}):
            yield from _bringing(parsed, value)


def _bringing(expression: Expression, value: Any) -> Iterable[tuple[str, Any]]:
    """Field values for which an expression has a wanted value: most expressions are a field."""
    return ((expression.text, value),) if expression.is_field else invert(expression._node, value)


def mappings_by_field(
    fields: Mapping[str, tuple[Clause, ...]], typed: Iterable[str]
) -> Iterator[tuple[str, dict[Any, Any]]]:
    """Mappings of one such key to one such value, for a field with clauses on both its keys and its values."""
    found: dict[str, dict[str, list[Mapping[Any, Any]]]] = {"keys": {}, "values": {}}
    for subject, clauses in fields.items():
        if not any(f"{part}(" in subject for part in found):
            continue
        holds = compile_match(Match("", {subject: clauses}))
        for field, value in values_by_field(subject, clauses, typed):
            for part, known in found.items():
                if isinstance(value, Mapping) and f"{part}({field})" in subject and holds(_at(field, value), {}):
                    known.setdefault(field, []).append(value)
    for field, keyed in found["keys"].items():
        for one, other in product(keyed[:_MOST_OF_EACH], found["values"].get(field, [])[:_MOST_OF_EACH]):
            yield field, {next(iter(one)): next(iter(other.values()))}


def _at(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: _at(rest, value) if rest else value}


def invert(node: ast.expr, value: Any) -> Iterator[tuple[str, Any]]:
    """Fields and values for which an expression may have the wanted value."""
    match node:
        case ast.Name() | ast.Attribute():
            opened, path = owner_of(node)
            if opened is None:
                yield path, value
            else:
                yield from invert(opened, _at(path, value))
        case ast.UnaryOp(operand=operand):
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                yield from invert(operand, -value)
        case ast.BinOp(left=ast.Constant(value=0), op=ast.Div(), right=right):
            yield from invert(right, nan)  # any other number gives 0
        case ast.BinOp(left=left, right=right):
            for side in (left, right):
                yield from invert(side, value)
                for other in (1, 2, 3):
                    yield from invert(side, other)
        case ast.Call(func=ast.Name(id=name), args=args):
            for argument in args:
                for inner in _before(name, value):
                    yield from invert(argument, inner)
        case _:
            return


def _before(function: str, value: Any) -> Iterator[Any]:
    match function:
        case "each":
            yield [value]
            yield [value, value]
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                yield [value, value + 1]
        case "len":
            if isinstance(value, int) and 0 <= value <= LARGEST_LENGTH:
                yield from of_length(value)
        case "first" | "last":
            yield [value]
            yield [value, value]
            if isinstance(value, str):
                yield value
        case "number":
            yield str(value) if is_number(value) else value
        case "keys":
            if isinstance(value, list):
                yield {key: 1 for key in value if isinstance(key, (str, int))}
            elif isinstance(value, (str, int)):
                yield {value: 1}
        case "values":
            yield {f"x{index}": item for index, item in enumerate(value)} if isinstance(value, list) else {"x": value}
        case "distinct":
            yield value
            if isinstance(value, list):
                yield [*value, *value]
        case "steps":
            wanted = [one if one in (1, -1) else 0 for one in (value if isinstance(value, list) else [value])]
            for size in (1, 0.25):
                yield list(accumulate((size * one for one in wanted), initial=2 * size))
        case "min" | "max" | "sum" | "abs":
            yield value
            if function != "abs":
                yield [value]
        case _:
            yield value
