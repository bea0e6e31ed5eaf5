"""Definitions of a source tree."""

from __future__ import annotations

import ast
import enum
import zipfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast, final

from miners.code.definitions import (
    Binding,
    ClassSource,
    FunctionSource,
    ModuleName,
    ModuleSource,
    Value,
    _defined,
    _last_name,
    _statements,
    absolute_import,
)
from miners.code.folding import fold
from miners.code.readers import _Trees

_FOLLOWED: Final = 12


@final
class TreeReader(_Trees):
    """Read one package of a source tree or a wheel without importing anything; all other packages are foreign."""

    def __init__(self, root: Path, package: str) -> None:
        super().__init__()
        self._root = root
        self._package = package
        self._enums: dict[tuple[str, str], type[enum.Enum] | None] = {}
        self._following: list[tuple[str, str]] = []

    @cached_property
    def _archive(self) -> zipfile.ZipFile | None:
        return zipfile.ZipFile(self._root) if self._root.is_file() else None

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._archive.namelist()) if self._archive is not None else frozenset()

    def _text(self, relative: str) -> str | None:
        if self._archive is not None:
            return self._archive.read(relative).decode("utf-8") if relative in self._names else None
        file = self._root / relative
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def _read(self, name: str) -> ModuleSource | None:
        if name.partition(".")[0] != self._package:
            return None
        stem = name.replace(".", "/")
        for relative in (f"{stem}/__init__.py", f"{stem}.py"):
            text = self._text(relative)
            if text is not None:
                try:
                    return ModuleSource(name, relative, ast.parse(text), relative.endswith("__init__.py"))
                except SyntaxError:
                    return None
        return None

    def submodules(self, package: str) -> frozenset[str]:
        """The modules directly in a package of the tree."""
        folder = package.replace(".", "/")
        if self._archive is not None:
            inside = (name[len(folder) + 1 :] for name in self._names if name.startswith(f"{folder}/"))
        else:
            here = self._root / folder
            inside = (f"{one.name}/" if one.is_dir() else one.name for one in (here.iterdir() if here.is_dir() else ()))
        found = (name.removesuffix(".py").partition("/")[0] for name in inside if name.endswith(".py") or "/" in name)
        return frozenset(name for name in found if name.isidentifier() and name != "__init__")

    def lookup(self, module: str, name: str) -> Binding | None:
        source = self.module(module)
        statement = None if source is None else source.definitions.get(name)
        if source is None or statement is None or (module, name) in self._following:
            return None
        if len(self._following) > _FOLLOWED:
            return None
        self._following.append((module, name))
        try:
            return self._bound(source, name, statement)
        finally:
            self._following.pop()

    def _bound(self, source: ModuleSource, name: str, statement: ast.stmt) -> Binding | None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return FunctionSource(source.name, name, statement)
            case ast.ClassDef():
                return ClassSource(source.name, name, statement)
            case ast.Import(names=names):
                for alias in names:
                    if (alias.asname or alias.name.partition(".")[0]) == name:
                        return ModuleName(alias.name if alias.asname else name)
            case ast.ImportFrom(names=names):
                origin = absolute_import(statement, source)
                for alias in names:
                    if (alias.asname or alias.name) == name:
                        return self.member(ModuleName(origin), alias.name)
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if isinstance(value, (ast.Name, ast.Attribute)):
                    return self._aliased(source.name, value)
                return fold(value, lambda inner: self._constant(source.name, inner))
        return None

    def _aliased(self, module: str, node: ast.expr) -> Binding | None:
        if isinstance(node, ast.Name):
            return self.lookup(module, node.id)
        if not isinstance(node, ast.Attribute):
            return None
        owner = self._aliased(module, node.value)
        if isinstance(owner, ModuleName):
            return self.member(owner, node.attr)
        if isinstance(owner, ClassSource):
            return self.attribute(owner, node.attr)
        return None

    def _constant(self, module: str, node: ast.expr) -> Value | None:
        found = self._aliased(module, node)
        if isinstance(found, ClassSource):
            kind = self.enum_of(found)
            return None if kind is None else Value(kind)
        return found if isinstance(found, Value) else None

    def member(self, module: ModuleName, name: str) -> Binding | None:
        if self.module(f"{module.name}.{name}") is not None:
            found = self.lookup(module.name, name)
            return found or ModuleName(f"{module.name}.{name}")
        return self.lookup(module.name, name)

    def class_at(self, target: str) -> ClassSource | None:
        module, _, qualname = target.partition(":")
        found = self.lookup(module, qualname.partition(".")[0])
        return found if isinstance(found, ClassSource) else None

    def mro(self, cls: ClassSource) -> tuple[ClassSource, ...]:
        found = [cls]
        for base in cls.node.bases:
            bound = self._aliased(cls.module, base.value if isinstance(base, ast.Subscript) else base)
            if isinstance(bound, ClassSource) and bound.node is not cls.node:
                found.extend(self.mro(bound))
        # a base that several classes share comes after all of them
        last = {(one.module, one.qualname): one for one in reversed(found)}
        return tuple(reversed(last.values()))

    def attribute(self, cls: ClassSource, name: str) -> Binding | None:
        kind = self.enum_of(cls)
        if kind is not None and name in kind.__members__:
            return Value(kind[name])
        for owner in self.mro(cls):
            found = self._own_definition(owner, name)
            if found is not None:
                return found
            for statement in _statements(owner.node.body):
                if (
                    name in _defined(statement)
                    and isinstance(statement, (ast.Assign, ast.AnnAssign))
                    and statement.value
                ):
                    value = _declared_default(statement.value)
                    return fold(value, lambda node, module=owner.module: self._constant(module, node))  # type: ignore[misc]
        return None

    def enum_of(self, cls: ClassSource) -> type[enum.Enum] | None:
        key = (cls.module, cls.qualname)
        if key not in self._enums:
            self._enums[key] = None
            self._enums[key] = self._folded_enum(cls)
        return self._enums[key]

    def _folded_enum(self, cls: ClassSource) -> type[enum.Enum] | None:
        names = {_last_name(base) for owner in self.mro(cls) for base in owner.node.bases}
        if not any(name.endswith("Enum") for name in names):
            return None
        members: dict[str, Any] = {}
        source = self.module(cls.module)
        for statement in cls.node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name = statement.targets[0].id
                folded = fold(statement.value, lambda node: _earlier(node, members) or self._constant(cls.module, node))
                if not name.startswith("_"):
                    members[name] = folded.value if folded is not None else _automatic(name, members, names, source)
        return _made_enum(cls, members, names) if members else None


def _declared_default(node: ast.expr) -> ast.expr:
    """The default inside `Field(default=…)`, which becomes the attribute of a dataclass."""
    if isinstance(node, ast.Call) and _last_name(node).lower().endswith("field"):
        return next((one.value for one in node.keywords if one.arg == "default"), node)
    return node


def _earlier(node: ast.expr, members: Mapping[str, Any]) -> Value | None:
    """A member that the body of an enumeration bound earlier."""
    return Value(members[node.id]) if isinstance(node, ast.Name) and node.id in members else None


def _made_enum(cls: ClassSource, members: Mapping[str, Any], bases: set[str]) -> type[enum.Enum]:
    mixin = str if bases & {"StrEnum", "str"} else int if bases & {"IntEnum", "IntFlag", "int"} else None
    fits = mixin is not None and all(isinstance(value, mixin) for value in members.values())
    made: Any = enum.EnumType.__call__(enum.Enum, cls.name, dict(members), type=mixin if fits else None)
    made.__module__ = cls.module
    return cast("type[enum.Enum]", made)


def _automatic(name: str, members: Mapping[str, Any], bases: set[str], source: ModuleSource | None) -> Any:
    """The value of `auto()`: the name in lower case, unless a backport of `StrEnum` is meant, which keeps the name."""
    if "StrEnum" not in bases:
        return len(members) + 1
    match None if source is None else source.definitions.get("StrEnum"):
        case ast.ImportFrom(module=str(module)) if module != "enum":
            return name
    return name.lower()
