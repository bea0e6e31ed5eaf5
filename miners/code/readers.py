"""Look up names: modules, classes, functions and constants, in the imported library or in source alone.

Both readers answer the same questions. The one with the import looks up a module's names in the live module and their
definitions in its syntax tree. The other one follows assignments and imports, and folds constants.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator, Mapping
from typing import Protocol

from miners.code.definitions import (
    Binding,
    ClassSource,
    FunctionSource,
    ModuleName,
    ModuleSource,
    _last_name,
    _statements,
)


class SourceReader(Protocol):
    """The questions of a walk."""

    def module(self, name: str) -> ModuleSource | None: ...

    def lookup(self, module: str, name: str) -> Binding | None:
        """The value that a module-level name is bound to."""

    def member(self, module: ModuleName, name: str) -> Binding | None:
        """The value that an attribute of a module is bound to."""

    def class_at(self, target: str) -> ClassSource | None:
        """The class behind `module:Class`."""

    def mro(self, cls: ClassSource) -> tuple[ClassSource, ...]:
        """The class and its bases whose source is known, in method resolution order."""

    def attribute(self, cls: ClassSource, name: str) -> Binding | None:
        """A method, or a constant of the class body."""

    def methods(self, cls: ClassSource) -> Iterator[tuple[ClassSource, FunctionSource]]:
        """Every method of a class and its bases that is not overridden, nearest class first."""

    def enum_of(self, cls: ClassSource) -> type[enum.Enum] | None:
        """The enumeration, if the class is one."""


class _Trees:
    """The part that both readers share, on top of a source of methods and their owners."""

    def __init__(self) -> None:
        self._modules: dict[str, ModuleSource | None] = {}
        self._definitions: dict[tuple[str, ast.ClassDef], Mapping[str, Binding]] = {}

    def module(self, name: str) -> ModuleSource | None:
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _read(self, name: str) -> ModuleSource | None:
        raise NotImplementedError

    def mro(self, cls: ClassSource) -> tuple[ClassSource, ...]:
        raise NotImplementedError

    def _own_definition(self, cls: ClassSource, name: str) -> Binding | None:
        key = (cls.module, cls.node)
        if key not in self._definitions:
            self._definitions[key] = dict(_own_definitions(cls))
        return self._definitions[key].get(name)

    def methods(self, cls: ClassSource) -> Iterator[tuple[ClassSource, FunctionSource]]:
        """Every method of a class and its bases that is not overridden, nearest class first."""
        seen: set[str] = set()
        for owner in self.mro(cls):
            for statement in _statements(owner.node.body):
                if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name not in seen:
                    found = self._own_definition(owner, statement.name)
                    if isinstance(found, FunctionSource):
                        yield owner, found
            seen.update(s.name for s in _statements(owner.node.body) if isinstance(s, ast.FunctionDef))


def _own_definitions(cls: ClassSource) -> Iterator[tuple[str, Binding]]:
    for statement in _statements(cls.node.body):
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                decorators = {_last_name(one) for one in statement.decorator_list}
                if not decorators & {"setter", "deleter", "overload"}:
                    yield name, FunctionSource(cls.module, f"{cls.qualname}.{name}", statement)
            case ast.ClassDef(name=name):
                yield name, ClassSource(cls.module, f"{cls.qualname}.{name}", statement)
