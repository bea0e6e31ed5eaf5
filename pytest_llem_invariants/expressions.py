"""Expressions over config fields: the subject of a clause, and what follows `@` on its right-hand side.

A plain dotted field is the common case. Where a library multiplies sizes or counts elements, the same
place takes an expression: `tensor_parallel_size * data_parallel_size`, `len(stop)`, `each(numa_bind_nodes)`.
Evaluation never raises: what cannot be computed is `MISSING`.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, final

from pytest_llem_invariants.model import TypedValue


@final
class Missing:
    """The value of a field that is not there."""

    _instance: Missing | None = None

    def __new__(cls) -> Missing:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
Scope = Callable[[str], Any]
"""Gives the value of a dotted field, or MISSING."""

_LARGEST_RESULT_BITS: Final = 4096
_LONGEST_TEXT: Final = 400
"""Short enough that nothing which walks the tree can run out of stack."""


class ExpressionError(ValueError):
    """The text is not an expression over fields."""


def read_path(root: Any, path: str) -> Any:
    """The value at a dotted path through mappings, typed values and objects; MISSING where the path ends early."""
    value = root
    for name in path.split("."):
        if isinstance(value, TypedValue):
            value = value.kwargs
        if isinstance(value, Mapping):
            if name not in value:
                return MISSING
            value = value[name]
        elif value is None or value is MISSING:
            return MISSING
        else:
            try:
                value = getattr(value, name)
            except Exception:  # a property of a foreign object may raise anything
                return MISSING
    return value


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            return MISSING
        if (
            isinstance(left, int)
            and isinstance(right, int)
            and left.bit_length() + right.bit_length() > _LARGEST_RESULT_BITS
        ):
            return MISSING
        try:
            return function(left, right)
        except (ArithmeticError, ValueError):
            return MISSING

    return apply


_BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: _arithmetic(operator.add),
    ast.Sub: _arithmetic(operator.sub),
    ast.Mult: _arithmetic(operator.mul),
    ast.FloorDiv: _arithmetic(operator.floordiv),
    ast.Div: _arithmetic(operator.truediv),
    ast.Mod: _arithmetic(operator.mod),
}


def _length(value: Any) -> Any:
    return len(value) if isinstance(value, Collection) else MISSING


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else MISSING


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else MISSING


def _keys(value: Any) -> Any:
    return list(value.keys()) if isinstance(value, Mapping) else MISSING


def _values(value: Any) -> Any:
    return list(value.values()) if isinstance(value, Mapping) else MISSING


def _distinct(value: Any) -> Any:
    if not isinstance(value, Collection) or isinstance(value, str):
        return MISSING
    try:
        return list(dict.fromkeys(value))
    except TypeError:
        return MISSING


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        operands = values[0] if len(values) == 1 and isinstance(values[0], (list, tuple)) else values
        if not operands or not all(is_number(value) for value in operands):
            return MISSING
        return function(*operands) if len(operands) > 1 else operands[0]

    return apply


def _absolute(value: Any) -> Any:
    return abs(value) if is_number(value) else MISSING


_WHOLE_AS_TEXT: Final = re.compile(r"\s*[+-]?[0-9]+(_[0-9]+)*\s*")
_REAL_AS_TEXT: Final = re.compile(
    r"\s*[+-]?(([0-9]+(_[0-9]+)*\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:inf|infinity))\s*"
)


def _number(value: Any) -> Any:
    """A number, and text in which one is plainly written as the number that it is."""
    if not isinstance(value, str):
        return value if is_number(value) else MISSING
    if len(value) > _LONGEST_TEXT:
        return MISSING
    if _WHOLE_AS_TEXT.fullmatch(value):
        return int(value)
    return float(value) if _REAL_AS_TEXT.fullmatch(value) else MISSING


def _sum(value: Any) -> Any:
    if not isinstance(value, (list, tuple)) or not all(is_number(item) for item in value):
        return MISSING
    return sum(value)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "len": _length,
    "lower": _lower,
    "strip": _strip,
    "keys": _keys,
    "values": _values,
    "distinct": _distinct,
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "abs": _absolute,
    "number": _number,
    "sum": _sum,
}
"""The functions of the expression language. `each(x)` stands beside them: the clause holds for some element of x."""

EACH: Final = "each"


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `evaluate` gives its candidate values (one, unless `each` opened several)."""

    text: str
    fields: tuple[str, ...]
    is_field: bool
    has_each: bool
    _node: ast.expr

    def evaluate(self, scope: Scope) -> Any:
        """The value, for an expression without `each`."""
        if self.is_field:
            return scope(self.text)
        return _value(self._node, scope)

    def elements(self, scope: Scope) -> Iterator[Any]:
        """Every value for which a clause on this expression is asked."""
        if not self.has_each:
            yield self.evaluate(scope)
            return
        assert isinstance(self._node, ast.Call)
        yield from _opened(self._node, scope)


def _opened(node: ast.Call, scope: Scope) -> Iterator[Any]:
    (inner,) = node.args
    collections = _opened(inner, scope) if _is_each(inner) else iter((_value(inner, scope),))  # type: ignore[arg-type]
    for collection in collections:
        if isinstance(collection, Collection) and not isinstance(collection, (str, bytes)):
            yield from collection


def _is_each(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == EACH


def _value(node: ast.expr, scope: Scope) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute():
            return scope(_dotted(node))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _value(operand, scope)
            return -value if is_number(value) else MISSING
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_value(left, scope), _value(right, scope))
        case ast.Call(func=ast.Name(id=name), args=args):
            return FUNCTIONS[name](*(_value(argument, scope) for argument in args))
        case _:  # pragma: no cover - the parser admits nothing else
            raise AssertionError(ast.dump(node))


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise ExpressionError("a dotted field starts with a name")
    parts.append(node.id)
    return ".".join(reversed(parts))


def _check(node: ast.expr, fields: list[str], *, top: bool) -> None:
    match node:
        case ast.Constant(value=value) if is_number(value):
            return
        case ast.Name() | ast.Attribute():
            fields.append(_dotted(node))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, fields, top=False)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left, fields, top=False)
            _check(right, fields, top=False)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args and name == EACH:
            if not top or len(args) != 1:
                raise ExpressionError("each(…) takes one argument and stands outermost")
            _check(args[0], fields, top=True)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args and name in FUNCTIONS:
            if name not in ("min", "max") and len(args) != 1:
                raise ExpressionError(f"{name}(…) takes one argument")
            for argument in args:
                _check(argument, fields, top=False)
        case _:
            raise ExpressionError(f"{ast.unparse(node)!r} is not part of the expression language")


@cache
def parse(text: str) -> Expression:
    """Parse the subject of a clause, or what follows `@`; ExpressionError says what is wrong with it."""
    if all(part.isidentifier() for part in text.split(".")):
        return Expression(text, (text,), is_field=True, has_each=False, _node=_path_node(text))
    if len(text) > _LONGEST_TEXT:
        raise ExpressionError(f"{text[:40]!r}… is longer than {_LONGEST_TEXT} characters")
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{text!r} cannot be parsed as a field or an expression over fields") from error
    fields: list[str] = []
    _check(node, fields, top=True)
    if not fields:
        raise ExpressionError(f"{text!r} names no field")
    return Expression(text, tuple(dict.fromkeys(fields)), is_field=False, has_each=_is_each(node), _node=node)


def _path_node(text: str) -> ast.expr:
    """A path's node without the parser, which refuses keywords such as `lambda` or `from` as field names."""
    first, *rest = text.split(".")
    node: ast.expr = ast.Name(id=first, ctx=ast.Load())
    for name in rest:
        node = ast.Attribute(value=node, attr=name, ctx=ast.Load())
    return node
