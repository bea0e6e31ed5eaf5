"""Imports run one way: model, predicates, corpus, ssot, engines, replay, plugin; each knows those before it alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = "pytest_llem_invariants"
AHEAD = {
    "engines": ("replay", "plugin", "checker"),
    "replay": ("plugin", "checker"),
    "checker": ("engines", "replay", "plugin"),
}


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
    return found


@pytest.mark.parametrize("layer", AHEAD)
def test_a_layer_imports_nothing_that_stands_on_it(layer: str) -> None:
    ahead = ("miners", *(f"{HOUSE}.{name}" for name in AHEAD[layer]))
    files = sorted((ROOT / HOUSE / layer).rglob("*.py"))
    assert files
    wrong = {
        f"{path.name}: {name}"
        for path in files
        for name in imports_of(path)
        if any(name == one or name.startswith(f"{one}.") for one in ahead)
    }
    assert not wrong


def test_private_names_of_pytest_are_used_in_one_module() -> None:
    users = {
        str(path.relative_to(ROOT))
        for folder in (HOUSE, "miners")
        for path in (ROOT / folder).rglob("*.py")
        if any(name.partition(".")[0] == "_pytest" for name in imports_of(path))
    }
    assert users == {f"{HOUSE}/plugin/private.py"}
