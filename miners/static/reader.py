"""Where names lead: modules, classes, functions and constants, read from the imported library or from source alone.

Both readers answer the same questions. With the import, a module's names are looked up in the live module and their
definitions in its syntax tree; without, assignments and imports are followed by hand and constants are folded.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final, Protocol, cast, final, get_args, get_origin

from miners.static.folding import fold

_FOLLOWED: Final = 12


@final
@dataclass(frozen=True, slots=True, eq=False)
class FunctionSource:
    """A function or method as it is written."""

    module: str
    qualname: str
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def decorators(self) -> frozenset[str]:
        """The last name of each decorator."""
        return frozenset(_last_name(decorator) for decorator in self.node.decorator_list)


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClassSource:
    """A class as it is written, with its line of bases."""

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
    """A module, as what a name may be bound to."""

    name: str


@final
@dataclass(frozen=True, slots=True)
class Value:
    """A constant, or with the import any live object."""

    value: Any


Binding = FunctionSource | ClassSource | ModuleName | Value


@final
@dataclass(slots=True)
class ModuleSource:
    """A module's syntax tree with its definitions by name."""

    name: str
    path: str
    """Relative to the folder that holds the top-level package."""
    tree: ast.Module
    is_package: bool
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    assigned: dict[str, list[ast.expr]] = field(default_factory=dict)
    """What each name is bound to by an assignment, in the order of the statements."""

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


class SourceReader(Protocol):
    """What the explorer asks."""

    def module(self, name: str) -> ModuleSource | None: ...

    def lookup(self, module: str, name: str) -> Binding | None:
        """What a module-level name is bound to."""

    def member(self, module: ModuleName, name: str) -> Binding | None:
        """What an attribute of a module is bound to."""

    def class_at(self, target: str) -> ClassSource | None:
        """The class behind `module:Class`."""

    def mro(self, cls: ClassSource) -> tuple[ClassSource, ...]:
        """The class and its bases as far as their source is known, in the order of resolution."""

    def attribute(self, cls: ClassSource, name: str) -> Binding | None:
        """A method, or a constant of the class body."""

    def methods(self, cls: ClassSource) -> Iterator[tuple[ClassSource, FunctionSource]]:
        """Every method of a class and its bases that is not overridden, nearest first."""

    def enum_of(self, cls: ClassSource) -> type[enum.Enum] | None:
        """The enumeration that a class is."""


class _Trees:
    """What both readers share: a tree gives methods and their owners."""

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
        """Every method of a class and its bases that is not overridden, nearest first."""
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


@cache
def _parsed(path: Path) -> ast.Module | None:
    """The code of an imported module, which stays as it is."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None


@final
class ImportedReader(_Trees):
    """Reads the library that is imported in this process."""

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
        except Exception:  # an optional part of a library may fail in any way
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
        """What other packages do is not read: their code has its own surface."""
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


@final
class TreeReader(_Trees):
    """Reads one package of a source tree, or of a wheel, without importing anything; what lies beside it is foreign."""

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
        """The modules that lie directly in a package of the tree."""
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
        # A base that several share comes after all of them.
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
    """The default inside `Field(default=…)`, which is what the attribute of a dataclass holds."""
    if isinstance(node, ast.Call) and _last_name(node).lower().endswith("field"):
        return next((one.value for one in node.keywords if one.arg == "default"), node)
    return node


def _earlier(node: ast.expr, members: Mapping[str, Any]) -> Value | None:
    """A member that the body of an enumeration has bound before."""
    return Value(members[node.id]) if isinstance(node, ast.Name) and node.id in members else None


def _made_enum(cls: ClassSource, members: Mapping[str, Any], bases: set[str]) -> type[enum.Enum]:
    mixin = str if bases & {"StrEnum", "str"} else int if bases & {"IntEnum", "IntFlag", "int"} else None
    fits = mixin is not None and all(isinstance(value, mixin) for value in members.values())
    made: Any = enum.EnumType.__call__(enum.Enum, cls.name, dict(members), type=mixin if fits else None)
    made.__module__ = cls.module
    return cast("type[enum.Enum]", made)


def _automatic(name: str, members: Mapping[str, Any], bases: set[str], source: ModuleSource | None) -> Any:
    """What `auto()` gives: a text in small letters, unless a backport of `StrEnum` is meant, which keeps the name."""
    if "StrEnum" not in bases:
        return len(members) + 1
    match None if source is None else source.definitions.get("StrEnum"):
        case ast.ImportFrom(module=str(module)) if module != "enum":
            return name
    return name.lower()


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


def is_pattern(value: Any) -> bool:
    return isinstance(value, re.Pattern)
