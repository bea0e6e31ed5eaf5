"""The debugging guide quotes messages as the source has them, and names files that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/debug.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \|[^|]*\| `([^`]+)` \|$", PAGE, re.MULTILINE)
ERRORS = (ROOT / "pytest_llem_invariants/errors.py").read_text(encoding="utf-8")
_HOLE = "…"


def texts_of(source: str) -> list[str]:
    """Every text of a module, with a hole in the place of each value that it is filled with."""
    parts: set[int] = set()
    texts = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts.update(map(id, node.values))
            texts.append("".join(str(one.value) if isinstance(one, ast.Constant) else _HOLE for one in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            texts.append(node.value)
    return texts


def quotes(message: str, text: str) -> bool:
    return message.rstrip(f"{_HOLE} ") in text


def test_the_guide_has_rows() -> None:
    assert len(ROWS) == PAGE.count("\n| `") > 30


@pytest.mark.parametrize(("message", "file"), ROWS, ids=[message for message, _ in ROWS])
def test_each_message_is_the_source_s_own(message: str, file: str) -> None:
    texts = texts_of((ROOT / file).read_text(encoding="utf-8")) + texts_of(ERRORS)
    assert any(quotes(message, text) for text in texts)


def test_a_message_that_the_source_does_not_have_is_noticed() -> None:
    (text,) = texts_of("raise ValueError(f'the {what} is gone')")
    assert quotes("the … is gone", text)
    assert not quotes("the … was gone", text)


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`([\w/]+\.py)`", PAGE))))
def test_each_file_exists(file: str) -> None:
    assert (ROOT / file).is_file()
