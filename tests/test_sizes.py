"""What a reader holds at once: no function, constructor or file is larger, unless it says here why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES_OF_A_FUNCTION: Final = 60
MOST_PARAMETERS: Final = 7
MOST_LINES_OF_A_FILE: Final = 450
EXCEPTIONS: Final[dict[str, str]] = {}
"""What is larger, and why."""


def parameters(node: ast.FunctionDef) -> int:
    """How many a constructor takes beside itself."""
    return len((*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)) - 1


def sizes(path: Path) -> Iterator[tuple[str, int, int]]:
    """What is measured in a file: its name, its size, and the limit."""
    shown = path.relative_to(ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    yield shown, len(text.splitlines()), MOST_LINES_OF_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{shown}: {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1, MOST_LINES_OF_A_FUNCTION
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.name == "__init__":
                    yield f"{shown}: {node.name}(…)", parameters(member), MOST_PARAMETERS


@pytest.mark.parametrize("package", ["pytest_llem_invariants", "miners"])
def test_what_is_larger_than_a_reader_can_hold_has_a_reason(package: str) -> None:
    found = [one for path in sorted((ROOT / package).rglob("*.py")) for one in sizes(path)]
    large = {name: f"{size} > {most}" for name, size, most in found if size > most}
    expected = {name for name in EXCEPTIONS if name.startswith(f"{package}/")}
    assert large.keys() == expected, {name: large.get(name, "no longer too large") for name in large.keys() ^ expected}
