"""The environment variables that a package reads: those of its table, and those that it asks for elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from miners.releases.classes import Found
from miners.releases.modules import Modules

_NAME = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")
_ASKS = re.compile(r"(?:environ|\w*env\w*)[\w.]*\W{0,8}\Z", re.ASCII)
_BEFORE = 40


def variables_of(modules: Modules, table: str, prefix: str) -> dict[str, Found]:
    """The variables by name; of those outside the table only the ones with the engine's prefix."""
    module, _, name = table.rpartition(".")
    declared = modules.find(module, name)
    annotated = _annotated(modules, module)
    found: dict[str, Found] = {}
    if declared is not None and isinstance(declared.node, ast.Dict):
        for key in declared.node.keys:
            if isinstance(key, ast.Constant):
                variable = str(key.value)
                found[variable] = annotated.get(variable, Found())
    for variable in _read_elsewhere(modules, prefix):
        found.setdefault(variable, annotated.get(variable, Found()))
    return found


def _annotated(modules: Modules, module: str) -> dict[str, Found]:
    """The types and defaults that stand in the table's module for whoever reads it."""
    text = modules.texts.get(module.replace(".", "/") + ".py", "")
    found: dict[str, Found] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _NAME.fullmatch(node.target.id):
            default = None if node.value is None else ast.unparse(node.value)
            found.setdefault(node.target.id, Found(ast.unparse(node.annotation), default))
    return found


def _read_elsewhere(modules: Modules, prefix: str) -> Iterator[str]:
    """The quoted names behind `environ[`, `getenv(` and functions that have `env` in their name."""
    quoted = re.compile(rf"""["']({prefix}[A-Z0-9_]+)["']""")
    for text in modules.texts.values():
        for match in quoted.finditer(text):
            if _ASKS.search(text[max(0, match.start() - _BEFORE) : match.start()]):
                yield match[1]
