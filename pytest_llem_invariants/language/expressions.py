"""Expressions over config fields: the subject of a clause, and the text after `@` on its right-hand side.

Usually it is a plain dotted field. If a library multiplies sizes or counts elements, it is an expression:
`tensor_parallel_size * data_parallel_size`, `len(stop)`, `each(numa_bind_nodes)`. Evaluation never raises: a value that
cannot be computed is `MISSING`.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MemberDescriptorType, ModuleType
from typing import Any, Final, final

from pytest_llem_invariants.model import TypedValue


@final
class Missing:
    """The value of a missing field."""

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
"""Returns the value of a dotted field, or MISSING."""

_LARGEST_RESULT_BITS: Final = 4096
_LONGEST_TEXT: Final = 400
"""The limit keeps every function that walks the tree within the stack."""


class ExpressionError(ValueError):
    """The text is no expression over fields."""


def read_path(root: Any, path: str) -> Any:
    """The value at a dotted path through mappings, typed values and fields of objects; MISSING where it ends early."""
    value = root
    for name in path.split("."):
        if isinstance(value, TypedValue):
            value = value.kwargs
        if type(value) is dict or isinstance(value, Mapping):  # to ask an abstract class takes as long as all the rest
            if name not in value:
                return MISSING
            value = value[name]
        elif value is None or value is MISSING:
            return MISSING
        else:
            value = _field_of(value, name)
            if value is MISSING:
                return MISSING
    return value


def _field_of(value: Any, name: str) -> Any:
    """The value of an object's attribute without running its code: no methods or properties."""
    kind: Any = type(value)
    if name.startswith("__") or isinstance(value, (type, ModuleType)):
        return MISSING
    try:
        if isinstance(value, tuple):
            return tuple.__getitem__(value, kind._fields.index(name))  # a named tuple, if any
        held = getattr(value, "__dict__", {})
        if name in held:
            return held[name]
        member = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
        return member.__get__(value, kind) if isinstance(member, MemberDescriptorType) else MISSING
    except Exception:  # a foreign object may raise anything, and a slot may be empty
        return MISSING


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


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else MISSING


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
    """A number; for a text that is plainly a number, that number."""
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


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple, str)) and value else MISSING


def _last(value: Any) -> Any:
    return value[-1] if isinstance(value, (list, tuple, str)) and value else MISSING


def _steps(value: Any) -> Any:
    """The step from each number to the next: 1 up, -1 down, 0 equal, nan next to nan."""
    if not isinstance(value, (list, tuple)) or not all(is_number(item) for item in value):
        return MISSING
    return [_step(one, other) for one, other in pairwise(value)]


def _step(one: Any, other: Any) -> Any:
    return math.nan if one != one or other != other else (other > one) - (other < one)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "len": _length,
    "lower": _lower,
    "upper": _upper,
    "strip": _strip,
    "keys": _keys,
    "values": _values,
    "distinct": _distinct,
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "abs": _absolute,
    "number": _number,
    "sum": _sum,
    "steps": _steps,
    "first": _first,
    "last": _last,
}
"""The functions of the expression language. `each(x)` is separate: the clause holds for some element of x."""

EACH: Final = "each"


def opens_elements(text: str) -> bool:
    """Whether an expression is about some element of a collection."""
    return f"{EACH}(" in text


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `evaluate` returns its candidate values: one, or one per element for `each`."""

    text: str
    fields: tuple[str, ...]
    is_field: bool
    _node: ast.expr
    _opened: tuple[ast.Call, ...] = ()
    """Each `each(…)` in it, outermost first."""

    @property
    def has_each(self) -> bool:
        return bool(self._opened)

    def evaluate(self, scope: Scope) -> Any:
        """The value, for an expression without `each`."""
        if self.is_field:
            return scope(self.text)
        return _value(self._node, scope)

    def elements(self, scope: Scope) -> Iterator[Any]:
        """Every value that a clause on this expression is tested with."""
        if not self.has_each:
            yield self.evaluate(scope)
            return
        yield from _elements(self._node, self._opened, scope)


def opened_in(node: ast.expr) -> ast.Call | None:
    """The outermost `each(…)` of an expression."""
    return next((one for one in ast.walk(node) if isinstance(one, ast.Call) and is_each(one)), None)


def is_each(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == EACH


def _elements(node: ast.expr, opened: tuple[ast.Call, ...], scope: Scope) -> Iterator[Any]:
    """The values of an expression, one for each element of its `each(…)`."""
    outer, *inner = opened
    (collection,) = outer.args
    for value in _elements(collection, tuple(inner), scope) if inner else (_value(collection, scope),):
        if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
            for element in value:
                yield element if node is outer else _value(node, scope, element)


def _value(node: ast.expr, scope: Scope, element: Any = MISSING) -> Any:
    """The value of an expression for one element of its `each(…)`."""
    match node:
        case ast.Call() if is_each(node):
            return element
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute():
            opened, path = owner_of(node)
            return scope(path) if opened is None else read_path(element, path)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _value(operand, scope, element)
            return -value if is_number(value) else MISSING
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_value(left, scope, element), _value(right, scope, element))
        case ast.Call(func=ast.Name(id=name), args=args):
            return FUNCTIONS[name](*(_value(argument, scope, element) for argument in args))
        case _:  # pragma: no cover - the parser accepts nothing else
            raise AssertionError(ast.dump(node))


def owner_of(node: ast.expr) -> tuple[ast.Call | None, str]:
    """A dotted path, and the `each(…)` from which it starts; None if it starts from the config."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Call) and is_each(node):
        return node, ".".join(reversed(parts))
    if not isinstance(node, ast.Name):
        raise ExpressionError("a dotted field starts with a name")
    return None, ".".join(reversed([*parts, node.id]))


def _check(node: ast.expr, fields: list[str]) -> None:
    match node:
        case ast.Constant(value=value) if is_number(value):
            return
        case ast.Name() | ast.Attribute():
            opened, path = owner_of(node)
            if opened is None:
                fields.append(path)
            else:
                _check(opened, fields)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, fields)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left, fields)
            _check(right, fields)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args and (name in FUNCTIONS or name == EACH):
            if name not in ("min", "max") and len(args) != 1:
                raise ExpressionError(f"{name}(…) takes one argument")
            for argument in args:
                _check(argument, fields)
        case _:
            raise ExpressionError(f"{ast.unparse(node)!r} is not part of the expression language")


def _opened_in(node: ast.expr) -> Iterator[ast.Call]:
    """Each `each(…)` of an expression, outermost first. Two side by side would be ambiguous."""
    opened = opened_in(node)
    if opened is None:
        return
    yield opened
    inside = set(ast.walk(opened))
    if any(is_each(one) for one in ast.walk(node) if one not in inside):
        raise ExpressionError("only one each(…) may stand in an expression, unless inside of another")
    yield from _opened_in(opened.args[0])


@cache
def parse(text: str) -> Expression:
    """Parse the subject of a clause, or the text after `@`; ExpressionError says what is wrong with it."""
    if all(part.isidentifier() for part in text.split(".")):
        return Expression(text, (text,), is_field=True, _node=_path_node(text))
    if len(text) > _LONGEST_TEXT:
        raise ExpressionError(f"{text[:40]!r}… is longer than {_LONGEST_TEXT} characters")
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{text!r} cannot be parsed as a field or an expression over fields") from error
    fields: list[str] = []
    _check(node, fields)
    if not fields:
        raise ExpressionError(f"{text!r} names no field")
    return Expression(text, tuple(dict.fromkeys(fields)), is_field=False, _node=node, _opened=tuple(_opened_in(node)))


def _path_node(text: str) -> ast.expr:
    """A path's node without the parser, which rejects keywords such as `lambda` or `from` as field names."""
    first, *rest = text.split(".")
    node: ast.expr = ast.Name(id=first, ctx=ast.Load())
    for name in rest:
        node = ast.Attribute(value=node, attr=name, ctx=ast.Load())
    return node
