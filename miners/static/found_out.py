"""Truth values that a module computes when it is imported: which packages are installed, what the machine has."""

from __future__ import annotations

import ast
from typing import Final

from miners.code.definitions import Binding, Value, absolute_import
from miners.code.readers import SourceReader

_MOST_IMPORTS: Final = 12


def is_found_out(reader: SourceReader, module: str, name: str, bound: Binding | None) -> bool:
    """Whether a name of a module holds such a truth value: another machine may have the other one.

    It does if its value comes from a call (`find_spec("x") is not None`), or if several statements set it (`try: import
    x`).
    """
    if bound is not None and not (isinstance(bound, Value) and isinstance(bound.value, bool)):
        return False
    values = _assigned(reader, module, name)
    if len(values) > 1:
        return all(map(_is_truth, values)) and len(set(map(ast.dump, values))) > 1
    return any(_is_truth(one) and any(isinstance(part, ast.Call) for part in ast.walk(one)) for one in values)


def _assigned(reader: SourceReader, module: str, name: str) -> list[ast.expr]:
    """The expressions that are assigned to the name in its module."""
    for _ in range(_MOST_IMPORTS):
        source = reader.module(module)
        if source is None:
            return []
        statement = source.definitions.get(name)
        if not isinstance(statement, ast.ImportFrom):
            return source.assigned.get(name, [])
        module = absolute_import(statement, source)
        name = next((one.name for one in statement.names if (one.asname or one.name) == name), name)
    return []


def _is_truth(node: ast.expr) -> bool:
    """Whether an expression is a truth value that depends on a call, or may be one."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, bool)
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.Not)
        case _:
            return isinstance(node, (ast.BoolOp, ast.Compare, ast.Call))
