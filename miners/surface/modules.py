"""The source of a live class: its file, its syntax tree, the lines of its fields."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path


def module_file(name: str) -> Path | None:
    """The source file of an imported module."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file) if file and file.endswith(".py") else None


def relative_path(name: str) -> str:
    """A module's file relative to the folder that holds its top-level package; without a file, the module's name."""
    file = module_file(name)
    root = module_file(name.partition(".")[0])
    if file is None or root is None:
        return name
    folder = root.parent.parent if root.name == "__init__.py" else root.parent
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


@lru_cache(maxsize=512)
def module_tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def class_node(cls: type) -> ast.ClassDef | None:
    """The statement that defines a class; None if it was created without source."""
    file = module_file(cls.__module__)
    if file is None:
        return None
    body: list[ast.stmt] = module_tree(file).body
    found: ast.ClassDef | None = None
    for name in cls.__qualname__.split("."):
        found = next((node for node in _statements(body) if isinstance(node, ast.ClassDef) and node.name == name), None)
        if found is None:
            return None
        body = found.body
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body, including those under `if` and `try`."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            yield from _statements(node.body)
            yield from _statements(node.orelse)
            for handler in getattr(node, "handlers", ()):
                yield from _statements(handler.body)


def field_lines(cls: type) -> dict[str, int]:
    """Field name → the line of the nearest annotated assignment in the class or its bases."""
    lines: dict[str, int] = {}
    for base in reversed(cls.__mro__):
        node = class_node(base) if base is not object else None
        for statement in node.body if node is not None else ():
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                lines[statement.target.id] = statement.lineno
    return lines


def method_node(cls: type, name: str) -> tuple[type, ast.FunctionDef] | None:
    """The nearest base that defines a method itself, with the method's statement."""
    for base in cls.__mro__:
        if name in vars(base):
            node = class_node(base)
            for statement in _statements(node.body) if node is not None else ():
                if isinstance(statement, ast.FunctionDef) and statement.name == name:
                    return base, statement
            return None
    return None
