"""Constant folding of an assignment's right-hand side."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from miners.code.definitions import Value

Resolve = Callable[[ast.expr], "Value | None"]

_OPERATIONS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.BitOr: lambda a, b: a | b,
    ast.LShift: lambda a, b: a << b if b < 128 else _refused(),
    ast.Pow: lambda a, b: a**b if abs(b) < 128 and abs(a) < 2**64 else _refused(),
}
_BUILDERS: Final[dict[str, Callable[..., Any]]] = {
    "set": set,
    "frozenset": frozenset,
    "tuple": tuple,
    "list": list,
    "dict": dict,
    "float": float,
    "int": int,
    "sorted": sorted,
}


class _NotConstantError(ValueError):
    """The expression's value is unknown unless the code runs."""


def _refused() -> Any:
    raise _NotConstantError


def fold(node: ast.expr, resolve: Resolve) -> Value | None:
    """The value of an expression of constants and names that `resolve` knows; None where it is unknown."""
    from miners.code.definitions import Value

    try:
        return Value(_folded(node, resolve))
    except (_NotConstantError, ArithmeticError, TypeError, ValueError, AttributeError, KeyError, re.error):
        return None


def _folded(node: ast.expr, resolve: Resolve) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute():
            return _named(node, resolve)
        case ast.Tuple(elts=elts):
            return tuple(_all(elts, resolve))
        case ast.List(elts=elts):
            return _all(elts, resolve)
        case ast.Set(elts=elts):
            return set(_all(elts, resolve))
        case ast.Dict(keys=keys, values=values):
            return {
                (_folded(key, resolve) if key is not None else _refused()): _or_none(value, resolve)
                for key, value in zip(keys, values, strict=True)
            }
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_folded(operand, resolve)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_folded(left, resolve), _folded(right, resolve))
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal"), slice=inner):
            members = _folded(inner, resolve)
            return Literal[members if isinstance(members, tuple) else (members,)]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _BUILDERS:
            return _BUILDERS[name](*_all(args, resolve))
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[ast.Constant(value=str(text))]
        ):
            return re.compile(text)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr="compile"),
            args=[ast.Constant(value=str(text)), ast.Attribute(value=ast.Name(id="re"), attr=flag)],
        ) if flag in re.RegexFlag.__members__:
            return re.compile(text, re.RegexFlag[flag])
        case ast.Call(func=ast.Name(id="get_args") | ast.Attribute(attr="get_args"), args=[argument]):
            from miners.code.definitions import literal_members

            members = literal_members(_folded(argument, resolve))
            return _refused() if members is None else members
        case _:
            return _refused()


def _all(nodes: list[ast.expr], resolve: Resolve) -> list[Any]:
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found.extend(_folded(node.value, resolve))
        else:
            found.append(_folded(node, resolve))
    return found


def _or_none(node: ast.expr, resolve: Resolve) -> Any:
    """A dict's value. Often it is a class or a function, while only the keys matter."""
    try:
        return _folded(node, resolve)
    except _NotConstantError:
        return None


def _named(node: ast.Name | ast.Attribute, resolve: Resolve) -> Any:
    if isinstance(node, ast.Attribute):
        owner = resolve(node.value) if isinstance(node.value, (ast.Name, ast.Attribute)) else None
        if owner is not None and hasattr(owner.value, node.attr):
            return getattr(owner.value, node.attr)
    found = resolve(node)
    return _refused() if found is None else found.value
