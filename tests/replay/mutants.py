"""Every small change of a module's source that takes a branch, a condition or a word away."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.GtE,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Eq: ast.NotEq,
}


@dataclass(frozen=True)
class Mutant:
    """A changed tree, and what was changed."""

    name: str
    tree: ast.Module

    def load(self, original: ModuleType) -> ModuleType:
        """The changed module, beside the original and not in its place."""
        module = ModuleType(original.__name__)
        exec(compile(self.tree, f"<{self.name}>", "exec"), vars(module))
        return module


def mutants(source: str) -> Iterator[Mutant]:
    """Each differs from the source in one place."""
    tree = ast.parse(source)
    for index, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            mutant = copy.deepcopy(tree)
            target = next(one for position, one in enumerate(ast.walk(mutant)) if position == index)
            change(target)
            ast.fix_missing_locations(mutant)
            yield Mutant(f"line {node.lineno}: {what}: {ast.unparse(node).splitlines()[0]}", mutant)


def _changes(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, (ast.If, ast.IfExp)):
        for value in (True, False):
            yield f"always {value}", lambda one, v=value: setattr(one, "test", ast.Constant(v))
    if isinstance(node, ast.Return):
        opposite = None
        if isinstance(node.value, ast.Constant) and not node.value.value:
            opposite = True
        yield f"returns {opposite}", lambda one: setattr(one, "value", ast.Constant(opposite))
    if isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield "and for or", lambda one: setattr(one, "op", other())
        neutral = isinstance(node.op, ast.And)
        for position in range(len(node.values)):
            yield (
                f"without operand {position}",
                lambda one, p=position: one.values.__setitem__(p, ast.Constant(neutral)),
            )
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _FLIPPED:
        flipped = _FLIPPED[type(node.ops[0])]
        yield "comparison flipped", lambda one: one.ops.__setitem__(0, flipped())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield (
            "not dropped",
            lambda one: (setattr(one, "op", ast.Not()), setattr(one, "operand", ast.UnaryOp(ast.Not(), one.operand))),
        )
    if isinstance(node, ast.Set):
        for position in range(len(node.elts)):
            yield f"without member {position}", lambda one, p=position: one.elts.pop(p)
    if isinstance(node, ast.Match):
        for position in range(len(node.cases)):
            yield f"without case {position}", lambda one, p=position: one.cases.pop(p)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "any":
        yield "all for any", lambda one: setattr(one.func, "id", "all")
