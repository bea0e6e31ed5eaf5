"""What a library writes: the fields of its classes, read from source by nobody who also writes schemas."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path


def class_statement(cls: type) -> ast.ClassDef:
    """The statement that defines a class, by its name among all of its module."""
    file = Path(str(sys.modules[cls.__module__].__file__))
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == cls.__name__]
    assert len(found) == 1, cls
    return found[0]


def annotated_fields(node: ast.ClassDef) -> Iterator[tuple[str, bool]]:
    """Field name → whether it is an InitVar, of the annotated assignments in a class body."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotation = ast.unparse(statement.annotation)
            if not annotation.startswith("ClassVar"):
                yield statement.target.id, annotation.startswith("InitVar")


def constructor_arguments(node: ast.ClassDef) -> Iterator[str]:
    """The named arguments of a class's own `__init__`, and the keys that it takes out of its `**kwargs`."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            arguments = statement.args
            yield from (one.arg for one in (*arguments.args[1:], *arguments.kwonlyargs))
            if arguments.kwarg is not None:
                yield from _taken(statement, arguments.kwarg.arg)


def _taken(init: ast.FunctionDef, kwargs: str) -> Iterator[str]:
    for node in ast.walk(init):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == kwargs
            and node.func.attr in ("pop", "get")
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)
