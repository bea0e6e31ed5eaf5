"""The modules of a package as parsed source, and what a name in one of them means; nothing is imported."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_DEEPEST = 8
"""Through how many modules a name is followed to where it is defined."""


@dataclass(frozen=True)
class Defined:
    """A definition or an assigned value, and the module in which it is."""

    module: str
    node: ast.AST


class Modules:
    """The source of a package, each module parsed when it is first asked for."""

    def __init__(self, source: Mapping[str, str]) -> None:
        self._source = source
        self._bodies: dict[str, dict[str, ast.AST]] = {}
        self._imports: dict[str, dict[str, tuple[str, str]]] = {}

    @property
    def texts(self) -> Mapping[str, str]:
        return self._source

    def matching(self, pattern: str) -> list[str]:
        """The modules whose dotted name fits a pattern."""
        return sorted(name for name in map(_dotted, self._source) if fnmatch.fnmatchcase(name, pattern))

    def names(self, module: str) -> Mapping[str, ast.AST]:
        """What a module defines or assigns at its top level, in order; under conditions too."""
        if module not in self._bodies:
            self._read(module)
        return self._bodies[module]

    def find(self, module: str, name: str, depth: int = 0) -> Defined | None:
        """Where a name of a module is defined, followed through imports within the package."""
        if depth > _DEEPEST:
            return None
        found = self.names(module).get(name)
        if found is not None:
            return Defined(module, found)
        imported = self._imports[module].get(name)
        if imported is not None:
            return self.find(imported[0], imported[1], depth + 1)
        starred = [
            self.find(other, name, depth + 1) for key, (other, _) in self._imports[module].items() if key[0] == "*"
        ]
        return next(filter(None, starred), None)

    def named(self, whole: str) -> Defined | None:
        """The class or function of a whole name such as `package.module.Class`."""
        module, _, name = whole.rpartition(".")
        return self.find(module, name)

    def _read(self, module: str) -> None:
        path = module.replace(".", "/")
        text = self._source.get(f"{path}.py", self._source.get(f"{path}/__init__.py"))
        names: dict[str, ast.AST] = {}
        imports: dict[str, tuple[str, str]] = {}
        self._bodies[module], self._imports[module] = names, imports
        if text is None:
            return
        is_package = f"{path}.py" not in self._source
        for node in _statements(ast.parse(text).body):
            match node:
                case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    names[name] = node
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    names[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    names[name] = value
                case ast.ImportFrom():
                    imports.update(_imported(node, module, is_package))


def _imported(node: ast.ImportFrom, module: str, is_package: bool) -> Iterator[tuple[str, tuple[str, str]]]:
    origin = node.module or ""
    if node.level:
        above = module.split(".") if is_package else module.split(".")[:-1]
        kept = above[: len(above) - node.level + 1]
        origin = ".".join([*kept, origin] if origin else kept)
    for alias in node.names:
        if alias.name == "*":
            yield f"*{origin}", (origin, "*")
        else:
            yield alias.asname or alias.name, (origin, alias.name)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            yield from _statements([*node.body, *node.orelse])


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
