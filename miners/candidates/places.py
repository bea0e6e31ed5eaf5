"""The function that a line of the library belongs to, for rules that were found by their effect."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from pytest_llem_invariants.model import Rule

CONSTRUCTOR: Final = "__init__"


def with_method(rule: Rule, package: str) -> Rule:
    """The rule with the function of its guard, where its producer did not know it."""
    source = rule.miner_source
    if source.method:
        return rule
    found = method_at(folder_of(package) / source.path, source.line_at_scan) or CONSTRUCTOR
    return replace(rule, miner_source=replace(source, method=found))


@cache
def folder_of(package: str) -> Path:
    """The folder of an imported package."""
    module = sys.modules[package]
    file = getattr(module, "__file__", None)
    if file is None:
        return Path(next(iter(module.__path__))).parent
    path = Path(file)
    return path.parent.parent if path.name == "__init__.py" else path.parent


def method_at(path: Path, line: int) -> str | None:
    """The name of the innermost function around a line; None where there is none."""
    name: str | None = None
    for function in _functions(path):
        if function.lineno <= line <= (function.end_lineno or function.lineno):
            name = function.name
    return name


@cache
def _functions(path: Path) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """The functions of a file, outer ones first."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
