"""Resolve a name in a source tree: to a statement of the tree, or to a dotted name outside it."""

from __future__ import annotations

import ast
import builtins
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.code.definitions import ClassSource, ModuleSource, absolute_import
from miners.code.tree import TreeReader

_TRUSTED: Final = frozenset({"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "msgspec"})
"""Packages besides the standard library that types are written with. The engine itself is never imported."""
_FOLLOWED: Final = 16


@final
@dataclass(frozen=True, slots=True)
class Here:
    """A class, a function or an assigned expression of the tree."""

    module: str
    qualname: str
    node: ast.stmt | ast.expr


@final
@dataclass(frozen=True, slots=True)
class Package:
    """A module of the tree."""

    name: str


@final
@dataclass(frozen=True, slots=True)
class Outside:
    """A module outside the tree, or a name in one."""

    module: str
    name: str = ""

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module

    def live(self) -> Any:
        """The object itself if it belongs to packages that types are written with; else None."""
        top = self.module.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in _TRUSTED:
            return None
        try:
            found: Any = importlib.import_module(self.module)
            for part in self.name.split(".") if self.name else ():
                found = getattr(found, part)
        except (ImportError, AttributeError):
            return None
        return found


Found = Here | Package | Outside


@final
class Names:
    """Resolves names in one package of a tree; other packages beside it are outside."""

    def __init__(self, reader: TreeReader, package: str) -> None:
        self._reader = reader
        self.package = package
        self._typing_only: dict[str, dict[str, ast.stmt]] = {}

    def module(self, name: str) -> ModuleSource | None:
        return self._reader.module(name)

    def locate(self, module: str, node: ast.expr, scope: Sequence[ClassSource] = ()) -> Found | None:
        """The meaning of `a` or `a.b.c` in a module, inside the classes of `scope` (innermost first)."""
        if isinstance(node, ast.Name):
            inside = (self._inside(owner, node.id) for owner in scope)
            return next((found for found in inside if found is not None), None) or self.global_name(module, node.id)
        if isinstance(node, ast.Attribute):
            owner = self.locate(module, node.value, scope)
            return None if owner is None else self._attribute(owner, node.attr)
        return None

    def global_name(self, module: str, name: str, depth: int = 0) -> Found | None:
        """The meaning of a name at the top level of a module."""
        source = self.module(module)
        if source is None:
            return Outside(module, name)
        if depth > _FOLLOWED:
            return None
        statement = source.definitions.get(name)
        if statement is None or _is_made(statement):
            statement = self._only_for_types(source).get(name, statement)
        match statement:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                return Here(module, name, statement)
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                return Here(module, name, value)
            case ast.Import(names=names):
                for alias in names:
                    if (alias.asname or alias.name.partition(".")[0]) == name:
                        return self._module(alias.name if alias.asname else name)
            case ast.ImportFrom(names=names):
                for alias in names:
                    if (alias.asname or alias.name) == name:
                        return self._imported(absolute_import(statement, source), alias.name, depth)
        return Outside("builtins", name) if hasattr(builtins, name) else None

    def _only_for_types(self, source: ModuleSource) -> dict[str, ast.stmt]:
        """The names that `if TYPE_CHECKING` binds: a lazy loader or a module's `__getattr__` gives the same at run
        time.
        """
        if source.name not in self._typing_only:
            self._typing_only[source.name] = {
                alias.asname or alias.name.partition(".")[0]: statement
                for node in source.tree.body
                if isinstance(node, ast.If) and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING"
                for statement in node.body
                if isinstance(statement, (ast.Import, ast.ImportFrom))
                for alias in statement.names
            }
        return self._typing_only[source.name]

    def _imported(self, module: str, name: str, depth: int) -> Found | None:
        source = self.module(module)
        if source is None:
            return self._module(f"{module}.{name}") if self.module(f"{module}.{name}") else Outside(module, name)
        if name not in source.definitions and self.module(f"{module}.{name}") is not None:
            return Package(f"{module}.{name}")
        return self.global_name(module, name, depth + 1)

    def _module(self, name: str) -> Found:
        return Package(name) if self.module(name) is not None else Outside(name)

    def _attribute(self, owner: Found, name: str) -> Found | None:
        match owner:
            case Package(module):
                source = self.module(module)
                if source is not None and name not in source.definitions:
                    return self._module(f"{module}.{name}")
                return self.global_name(module, name)
            case Outside(module, inner):
                return Outside(module, f"{inner}.{name}" if inner else name)
            case Here(module, qualname, ast.ClassDef() as node):
                return self._inside(ClassSource(module, qualname, node), name)
        return None

    def _inside(self, owner: ClassSource, name: str) -> Here | None:
        """A class or constant in a class body."""
        for statement in owner.node.body:
            match statement:
                case ast.ClassDef() if statement.name == name:
                    return Here(owner.module, f"{owner.qualname}.{name}", statement)
                case (
                    ast.Assign(targets=[ast.Name(id=target)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
                ) if target == name:
                    return Here(owner.module, f"{owner.qualname}.{name}", value)
        return None


def _is_made(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
