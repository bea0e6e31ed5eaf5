"""Neighbours in a list, however the code pairs them: `pairwise(x)`, `zip(x, x[1:])`, `x[i]` and `x[i - 1]`."""

from __future__ import annotations

import ast
from copy import deepcopy
from dataclasses import dataclass
from typing import Final, TypeVar, final

_Loop = TypeVar("_Loop", bound=ast.For | ast.ListComp | ast.SetComp | ast.GeneratorExp)
_BEFORE: Final = "_before"
_AFTER: Final = "_after"
PAIRED: Final = "pairwise"


@final
@dataclass(frozen=True, slots=True)
class Pairs:
    """The neighbours in a list, one pair after another."""

    subject: str


@final
@dataclass(frozen=True, slots=True)
class Neighbour:
    """One of two neighbours; a step joins them."""

    step: str
    later: bool


def with_neighbours(loop: _Loop) -> _Loop:
    """The same loop over pairs, if a loop over indices reads two neighbours and nothing else."""
    counted = _counted(loop)
    start = _start_of(counted.iter)
    if not isinstance(counted.target, ast.Name) or start is None:
        return loop
    name = counted.target.id
    read = [one for one in ast.walk(loop) if isinstance(one, ast.Subscript) and _offset(one.slice, name) is not None]
    places = sorted({offset for one in read if (offset := _offset(one.slice, name)) is not None})
    lists = {ast.dump(one.value): one.value for one in read}
    used = sum(isinstance(one, ast.Name) and one.id == name for one in ast.walk(loop)) - 1
    if places != [-start, 1 - start] or len(lists) != 1 or used != len(read):
        return loop
    changed: _Loop = _Paired(name, start).visit(deepcopy(loop))
    counted = _counted(changed)
    counted.target = ast.Tuple([ast.Name(_BEFORE, ast.Store()), ast.Name(_AFTER, ast.Store())], ast.Store())
    counted.iter = ast.Call(ast.Name(PAIRED, ast.Load()), [next(iter(lists.values()))], [])
    ast.copy_location(counted.iter, loop)
    ast.copy_location(counted.target, loop)
    return ast.fix_missing_locations(changed)


def _counted(loop: ast.For | ast.ListComp | ast.SetComp | ast.GeneratorExp) -> ast.For | ast.comprehension:
    return loop if isinstance(loop, ast.For) else loop.generators[0]


def _start_of(iterated: ast.expr) -> int | None:
    """The start of a `range`, if it is the first or second index."""
    match iterated:
        case ast.Call(func=ast.Name(id="range"), args=[_]):
            return 0
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int() as start), _]) if start in (0, 1):
            return start
        case _:
            return None


def _offset(index: ast.expr, name: str) -> int | None:
    """The distance of an index from the loop variable."""
    match index:
        case ast.Name(id=known) if known == name:
            return 0
        case ast.BinOp(left=ast.Name(id=known), op=ast.Add(), right=ast.Constant(value=1)) if known == name:
            return 1
        case ast.BinOp(left=ast.Name(id=known), op=ast.Sub(), right=ast.Constant(value=1)) if known == name:
            return -1
        case _:
            return None


class _Paired(ast.NodeTransformer):
    def __init__(self, name: str, start: int) -> None:
        self._name = name
        self._start = start

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        offset = _offset(node.slice, self._name)
        if offset is None:
            return self.generic_visit(node)
        return ast.copy_location(ast.Name(_BEFORE if offset == -self._start else _AFTER, ast.Load()), node)


def is_paired(first: ast.expr, second: ast.expr) -> bool:
    """Whether `zip` of the two gives neighbours: `zip(x, x[1:])`, `zip(x[:-1], x[1:])`."""
    match first:
        case ast.Subscript(value=whole, slice=ast.Slice(lower=None, upper=ast.UnaryOp(op=ast.USub()), step=None)):
            all_but_last = ast.unparse(first) == f"{ast.unparse(whole)}[:-1]"
        case whole:
            all_but_last = True
    return all_but_last and ast.unparse(second) == f"{ast.unparse(whole)}[1:]"
