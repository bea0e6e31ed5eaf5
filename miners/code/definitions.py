"""Classes, functions and bindings as the source states them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, final, get_args, get_origin


@final
@dataclass(frozen=True, slots=True, eq=False)
class FunctionSource:
    """A function or method as the source states it."""

    module: str
    qualname: str
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def decorators(self) -> frozenset[str]:
        """The last part of each decorator's name."""
        return frozenset(_last_name(decorator) for decorator in self.node.decorator_list)


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClassSource:
    """A class as the source states it, with its base classes."""

    module: str
    qualname: str
    node: ast.ClassDef
    live: type | None = None

    @property
    def name(self) -> str:
        return self.node.name


@final
@dataclass(frozen=True, slots=True)
class ModuleName:
    """A module as the value of a name."""

    name: str


@final
@dataclass(frozen=True, slots=True)
class Value:
    """A constant, or, with the import, any live object."""

    value: Any


Binding = FunctionSource | ClassSource | ModuleName | Value


@final
@dataclass(slots=True)
class ModuleSource:
    """A module's syntax tree with its definitions by name."""

    name: str
    path: str
    """The path relative to the folder that holds the top-level package."""
    tree: ast.Module
    is_package: bool
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    assigned: dict[str, list[ast.expr]] = field(default_factory=dict)
    """The values that assignments bind to each name, in the order of the statements."""

    def __post_init__(self) -> None:
        for statement in _statements(self.tree.body):
            for name in _defined(statement):
                self.definitions[name] = statement
                if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
                    self.assigned.setdefault(name, []).append(statement.value)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If):
            if _last_name(node.test) == "TYPE_CHECKING":  # its imports name what is there late; its values never are
                yield from (one for one in node.body if isinstance(one, (ast.Import, ast.ImportFrom, ast.ClassDef)))
            else:
                yield from _statements(node.body)
            yield from _statements(node.orelse)
        elif isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from _statements(handler.body)
            yield from _statements(node.body)
        else:
            yield node


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0]
        case _:
            pass


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def absolute_import(statement: ast.ImportFrom, source: ModuleSource) -> str:
    """The module that an import statement names."""
    if not statement.level:
        return statement.module or ""
    parts = source.name.split(".")
    keep = len(parts) - statement.level + (1 if source.is_package else 0)
    return ".".join([*parts[:keep], *([statement.module] if statement.module else [])])


def literal_members(value: Any) -> tuple[Any, ...] | None:
    """What `get_args` gives for a Literal, unions of Literals flattened."""
    if get_origin(value) is None:
        return None
    found: list[Any] = []
    for argument in get_args(value):
        inner = literal_members(argument)
        found.extend((argument,) if inner is None else inner)
    return tuple(found)


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` in source; empty if it is not a chain of names."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
