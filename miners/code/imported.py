"""Definitions of an imported library."""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import sys
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, final

from miners.code.definitions import Binding, ClassSource, FunctionSource, ModuleName, ModuleSource, Value, _statements
from miners.code.readers import _Trees


@cache
def _parsed(path: Path) -> ast.Module | None:
    """The source of an imported module, which does not change."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None


@final
class ImportedReader(_Trees):
    """Read the library that this process imported."""

    def __init__(self, package: str) -> None:
        super().__init__()
        self._package = package
        self._classes: dict[type, ClassSource | None] = {}

    def _read(self, name: str) -> ModuleSource | None:
        file = getattr(sys.modules.get(name), "__file__", None)
        if not file or not file.endswith(".py"):
            return None
        path = Path(file)
        top = getattr(sys.modules.get(name.partition(".")[0]), "__file__", None)
        root = Path(top or file).parent
        root = root.parent if top and Path(top).name == "__init__.py" else root
        relative = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        tree = _parsed(path)
        return None if tree is None else ModuleSource(name, relative, tree, path.name == "__init__.py")

    def lookup(self, module: str, name: str) -> Binding | None:
        namespace = vars(sys.modules[module]) if module in sys.modules else {}
        if name not in namespace:
            return None
        return self._bound(namespace[name])

    def member(self, module: ModuleName, name: str) -> Binding | None:
        live = sys.modules.get(module.name) or self._imported(module.name)
        if live is None:
            return None
        if name in vars(live):
            return self._bound(vars(live)[name])
        child = self._imported(f"{module.name}.{name}")
        return None if child is None else ModuleName(child.__name__)

    def _imported(self, name: str) -> ModuleType | None:
        if name in sys.modules:
            return sys.modules[name]
        if name.partition(".")[0] != self._package:
            return None
        try:
            return importlib.import_module(name)
        except Exception:  # importing an optional part of a library may raise anything
            return None

    def _bound(self, value: Any) -> Binding | None:
        if isinstance(value, ModuleType):
            return ModuleName(value.__name__)
        if isinstance(value, type):
            return (self._class(value) if self._is_of_package(value.__module__) else None) or Value(value)
        function = inspect.unwrap(value) if callable(value) and not isinstance(value, type) else value
        if isinstance(function, FunctionType):
            return self._function(function)
        return Value(value)

    def _is_of_package(self, module: str) -> bool:
        """Skip the code of other packages: it has its own surface."""
        return module.partition(".")[0] == self._package

    def _function(self, function: FunctionType) -> Binding | None:
        name = function.__module__ or ""
        module = self.module(name) if self._is_of_package(name) else None
        if module is None or "<locals>" in function.__qualname__:
            return Value(function)
        statement = module.definitions.get(function.__qualname__)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return FunctionSource(module.name, function.__qualname__, statement)
        return Value(function)

    def _class(self, cls: type) -> ClassSource | None:
        if cls not in self._classes:
            self._classes[cls] = self._found(cls)
        return self._classes[cls]

    def _found(self, cls: type) -> ClassSource | None:
        module = self.module(cls.__module__)
        if module is None:
            return None
        body: list[ast.stmt] = module.tree.body
        found: ast.ClassDef | None = None
        for name in cls.__qualname__.split("."):
            same_name = [s for s in _statements(body) if isinstance(s, ast.ClassDef) and s.name == name]
            if not same_name:
                return None
            found = same_name[-1]
            body = found.body
        return None if found is None else ClassSource(module.name, cls.__qualname__, found, cls)

    def class_at(self, target: str) -> ClassSource | None:
        module, _, qualname = target.partition(":")
        value: Any = sys.modules.get(module)
        for name in qualname.split("."):
            value = getattr(value, name, None)
        return self._class(value) if isinstance(value, type) else None

    def mro(self, cls: ClassSource) -> tuple[ClassSource, ...]:
        if cls.live is None:
            return (cls,)
        found = (self._class(base) for base in cls.live.__mro__ if base is not object and self._is_ours(base))
        return tuple(base for base in found if base is not None)

    def _is_ours(self, base: type) -> bool:
        return base.__module__.partition(".")[0] not in ("pydantic", "msgspec", "builtins", "typing", "abc", "enum")

    def attribute(self, cls: ClassSource, name: str) -> Binding | None:
        for owner in self.mro(cls):
            found = self._own_definition(owner, name)
            if found is not None:
                return found
        if cls.live is None:
            return None
        value = inspect.getattr_static(cls.live, name, None)
        if value is None or callable(value) or hasattr(type(value), "__get__"):
            return None
        return Value(value)

    def enum_of(self, cls: ClassSource) -> type[enum.Enum] | None:
        return cls.live if cls.live is not None and issubclass(cls.live, enum.Enum) else None
