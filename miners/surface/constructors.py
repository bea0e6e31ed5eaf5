"""The arguments of a handwritten `__init__`: its signature, and the names that it reads from `**kwargs`.

A constructor such as `def __init__(self, **kwargs): self.top_k = kwargs.pop("top_k", None)` has sixty arguments that no
signature shows; its syntax tree does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pytest_llem_invariants.language.expressions import MISSING

_READERS: Final = ("pop", "get", "setdefault")


@dataclass(frozen=True, slots=True)
class KeywordRead:
    """One `kwargs.pop("name", default)`, `kwargs.get(…)` or `kwargs["name"]`."""

    name: str
    default: Any
    """The literal default; MISSING if there is none or it is not a literal."""
    required: bool
    line: int


@dataclass(frozen=True, slots=True)
class KeywordUse:
    """The uses of a constructor's `**kwargs`."""

    reads: tuple[KeywordRead, ...]
    forwarded: bool
    """Whether it passes `**kwargs` to `super().__init__`."""


def keyword_use(init: ast.FunctionDef) -> KeywordUse | None:
    """The uses of `**kwargs` in `init`; None if it has none."""
    if init.args.kwarg is None:
        return None
    kwargs = init.args.kwarg.arg
    reads: dict[str, KeywordRead] = {}
    for read in _reads(init, kwargs):
        known = reads.get(read.name)
        if known is None or (known.default is MISSING and read.default is not MISSING):
            reads[read.name] = read
    return KeywordUse(tuple(reads.values()), any(_forwards(node, kwargs) for node in ast.walk(init)))


def _reads(init: ast.FunctionDef, kwargs: str) -> Iterator[KeywordRead]:
    nodes = sorted(
        (node for node in ast.walk(init) if isinstance(node, (ast.Call, ast.Subscript, ast.Compare))),
        key=lambda node: (node.lineno, node.col_offset),
    )
    for node in nodes:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=owner), attr=method),
                args=[ast.Constant(value=str(name)), *rest],
            ) if owner == kwargs and method in _READERS:
                bare = method == "pop" and not rest
                default = None if method == "get" and not rest else _literal(rest[0]) if rest else MISSING
                yield KeywordRead(name, default, required=bare and not _optional(init, name), line=node.lineno)
            case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(name)), ctx=ast.Load()) if (
                owner == kwargs
            ):
                yield KeywordRead(name, MISSING, required=not _optional(init, name), line=node.lineno)
            case ast.Compare(
                left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()], comparators=[ast.Name(id=owner)]
            ) if owner == kwargs:
                yield KeywordRead(name, MISSING, required=False, line=node.lineno)


def _optional(init: ast.FunctionDef, name: str) -> bool:
    """Whether the constructor checks that the keyword exists before it reads it."""
    return any(
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Constant)
        and node.left.value == name
        and isinstance(node.ops[0], (ast.In, ast.NotIn))
        for node in ast.walk(init)
    )


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return MISSING


def _forwards(node: ast.AST, kwargs: str) -> bool:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"), keywords=keywords
        ):
            return any(
                keyword.arg is None and isinstance(keyword.value, ast.Name) and keyword.value.id == kwargs
                for keyword in keywords
            )
        case _:
            return False
