"""A list that a program builds in several steps: what is put behind its first items, and whether that is certain.

cmd = ["vllm", "serve", model] + more
if quantized:
    cmd += ["--quantization", "fp8"]
cmd.append("--enable-prefix-caching")
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

Path = tuple[tuple[int, str], ...]
"""The blocks around a statement: the statement that each belongs to, and which of its branches it is."""
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ALWAYS: Final = (ast.With, ast.AsyncWith)
_MOST_DEEP: Final = 40


def items(value: ast.expr, depth: int = 0) -> Iterator[ast.expr]:
    """The items of a list, or of several that are added; what is no list stands for any number of them."""
    if isinstance(value, (ast.List, ast.Tuple)):
        yield from value.elts
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and depth < _MOST_DEEP:
        yield from items(value.left, depth + 1)
        yield from items(value.right, depth + 1)
    else:
        yield _several(value)


def is_list(value: ast.expr | None, depth: int = 0) -> bool:
    """Whether it begins with the items of a list."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and depth < _MOST_DEEP:
        return is_list(value.left, depth + 1)
    return isinstance(value, (ast.List, ast.Tuple))


def grown(body: Sequence[ast.stmt], first: ast.stmt, name: str) -> Iterator[tuple[ast.expr, bool]]:
    """What the statements of a scope put behind a list that one of them gives a name, and whether that is for sure.

    Nothing of what another value under the name gets.
    """
    around: Path | None = None
    for step, path in _steps(body, ()):
        if around is None:
            around = path if step is first else None
            continue
        branches = dict(around)
        if any(branches.get(node, branch) != branch for node, branch in path):
            continue  # where it is done, the list is another
        added = _added(step, name)
        if added is None:
            return
        yield from ((item, set(path) <= set(around)) for item in added)


def _steps(body: Sequence[ast.stmt], path: Path) -> Iterator[tuple[ast.stmt, Path]]:
    """The statements of a scope in the order of the text."""
    for step in body:
        yield step, path
        if isinstance(step, _SCOPES) or len(path) > _MOST_DEEP:
            continue
        for branch in ("body", "orelse", "handlers", "finalbody", "cases"):
            for block in _blocks(getattr(step, branch, None) or []):
                is_always = isinstance(step, _ALWAYS) or branch == "finalbody"
                yield from _steps(block, path if is_always else (*path, (id(step), branch)))


def _blocks(parts: Sequence[ast.AST]) -> Iterator[Sequence[ast.stmt]]:
    """A block, or those of the handlers or cases."""
    yield [part for part in parts if isinstance(part, ast.stmt)]
    for part in parts:
        if isinstance(part, (ast.ExceptHandler, ast.match_case)):
            yield part.body


def _added(step: ast.stmt, name: str) -> list[ast.expr] | None:
    """What a statement puts behind a list; None where the name gets another value."""
    if isinstance(step, ast.AugAssign) and _is_name(step.target, name):
        return list(items(step.value))
    if isinstance(step, (ast.Assign, ast.AnnAssign)):
        targets = step.targets if isinstance(step, ast.Assign) else [step.target]
        if not any(_is_name(target, name) for target in targets):
            return []
        value = step.value
        is_longer = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and _is_name(value.left, name)
        return list(items(value.right)) if is_longer and isinstance(value, ast.BinOp) else None
    call = step.value if isinstance(step, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return []
    if not _is_name(call.func.value, name):
        return []
    if call.func.attr == "append":
        return call.args
    if call.func.attr == "extend":
        return [item for value in call.args for item in items(value)]
    return [_several(call)]  # nobody knows what it becomes


def _several(value: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Starred(value, ast.Load()), value)


def is_joined(tree: ast.AST, value: ast.expr, name: str) -> bool:
    """Whether a program makes a line of a list, with blanks between its items and none of them quoted."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) != 1:
            continue
        between = node.func.value
        is_line = node.func.attr == "join" and isinstance(between, ast.Constant) and between.value == " "
        if is_line and (node.args[0] is value or _is_name(node.args[0], name)):
            return True
    return False


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
