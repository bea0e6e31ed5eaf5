"""What the methods of a class hold against its fields: what a field is compared with, and looked up in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

_VALIDATORS: Final = frozenset({"field_validator", "validator"})
_BESIDE: Final = frozenset({"cls", "self", "info", "values", "handler"})
Mention = tuple[str, Any]
"""A field, and a constant or an expression that names something."""


def mentions_of(cls: ast.ClassDef, fields: frozenset[str]) -> Iterator[Mention]:
    """Every mention in the methods of a class, in their order."""
    for method in cls.body:
        if isinstance(method, ast.FunctionDef):
            yield from _Method(method, fields).mentions()


def taken_by(cls: ast.ClassDef) -> Iterator[str]:
    """The arguments that a constructor takes out of its `**kwargs`."""
    for method in cls.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__" and method.args.kwarg is not None:
            rest = method.args.kwarg.arg
            for node in ast.walk(method):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id=owner), attr="pop" | "get"),
                        args=[ast.Constant(value=str() as name), *_],
                    ) if owner == rest:
                        yield name


class _Method:
    """One method, with the local names that stand for fields there."""

    def __init__(self, node: ast.FunctionDef, fields: frozenset[str]) -> None:
        self._node = node
        self._fields = fields
        self._validated = frozenset(_validated(node)) & fields
        arguments = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        self._aliases = {name: frozenset({name}) for name in arguments if name in fields}
        if self._validated:
            self._aliases.update({name: self._validated for name in arguments if name not in _BESIDE})

    def mentions(self) -> Iterator[Mention]:
        for node in ast.walk(self._node):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=local)], value=value)
                    | ast.For(target=ast.Name(id=local), iter=value)
                ):
                    self._note(local, value)
                case ast.comprehension(target=ast.Name(id=local), iter=value):
                    self._note(local, value)
        for node in ast.walk(self._node):
            match node:
                case ast.Compare(left=left, comparators=others):
                    yield from self._compared([left, *others])
                case ast.Subscript(value=table, slice=key) if _is_named(table):
                    yield from ((name, table) for name in self._spoken_of(key))
                case ast.Call(func=function) if _is_named(function):
                    owner = function.value if isinstance(function, ast.Attribute) else function
                    given = [*node.args[:1], *(one.value for one in node.keywords if one.arg is None)]
                    yield from ((name, owner) for one in given for name in self._spoken_of(one) if _is_named(owner))
                case ast.match_case(pattern=ast.MatchValue(value=value)):
                    yield from ((name, said) for name in self._matched() for said in _said(value))

    def _matched(self) -> frozenset[str]:
        found = [one.subject for one in ast.walk(self._node) if isinstance(one, ast.Match)]
        return frozenset(name for one in found for name in self._spoken_of(one))

    def _note(self, local: str, value: ast.expr) -> None:
        """A local name that is made of one field stands for it: `mode = self.mode.upper()`, `for op in self.ops`."""
        spoken = self._spoken_of(value)
        if len(spoken) == 1 and local not in self._aliases:
            self._aliases[local] = frozenset(spoken)

    def _compared(self, sides: list[ast.expr]) -> Iterator[Mention]:
        for side in sides:
            for name in self._spoken_of(side):
                yield from ((name, said) for other in sides if other is not side for said in _said(other))

    def _spoken_of(self, node: ast.expr) -> list[str]:
        """The fields that an expression speaks of."""
        found: dict[str, None] = {}
        for one in ast.walk(node):
            match one:
                case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in self._fields:
                    found[name] = None
                case ast.Name(id=local) if local in self._aliases:
                    found.update(dict.fromkeys(sorted(self._aliases[local])))
        return list(found)


def _validated(node: ast.FunctionDef) -> Iterator[str]:
    """The fields that a method is declared to validate."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, (ast.Name, ast.Attribute)):
            called = decorator.func.id if isinstance(decorator.func, ast.Name) else decorator.func.attr
            if called in _VALIDATORS:
                yield from (str(one.value) for one in decorator.args if isinstance(one, ast.Constant))


def _said(node: ast.expr) -> Iterator[Any]:
    """The constants of one side of a comparison, and what it names."""
    match node:
        case ast.Constant(value=value):
            yield value
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            for item in items:
                yield from _said(item)
        case ast.Dict(keys=keys):
            for key in keys:
                if key is not None:
                    yield from _said(key)
        case ast.Attribute(value=owner, attr="__members__"):
            yield owner
        case ast.Call(func=ast.Attribute(value=owner, attr="keys" | "values")):
            yield from _said(owner)
        case ast.Name() | ast.Attribute() if _is_named(node):
            yield node


def _is_named(node: ast.expr) -> bool:
    """Whether an expression is a dotted name of the module, and not of `self`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id not in _BESIDE
