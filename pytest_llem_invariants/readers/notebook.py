"""The cells of a notebook that hold code: Python, and what is given to a shell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_llem_invariants.readers import python_calls
from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import FILLED, Beside, Found
from pytest_llem_invariants.readers.launches import in_script
from pytest_llem_invariants.readers.source import Source

_SHELL_CELL: Final = re.compile(r"\A\s*%%(?:bash|sh|script)\b[^\n]*\n")
_EXPRESSION: Final = re.compile(r"(?<![{$])\{[A-Za-z_][\w.\[\]()'\"-]*\}(?!\})")
"""What a notebook puts into a line for the shell."""
_SHELL_LINE: Final = re.compile(r"^([ \t]*)[!](?=\S)", re.MULTILINE)


def read(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """What the cells hold, each line at its place in the file."""
    try:
        book = json.loads(source.text)
    except (ValueError, RecursionError):
        return
    at = 0
    for cell in book.get("cells", ()) if isinstance(book, dict) else ():
        lines = cell.get("source") if isinstance(cell, dict) else None
        if isinstance(lines, str):
            lines = lines.splitlines(keepends=True)
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            continue
        starts: list[tuple[int, int, int]] = []
        length = 0
        for line in lines:
            found = source.text.find(json.dumps(line, ensure_ascii=False)[1:-1], at)
            at = found if found >= 0 else at
            starts.append((length, *source.place(at)))
            length += len(line)
        if cell.get("cell_type") == "code":
            yield from _cell(Source("".join(lines), starts or [(0, 1, 1)]), known)


def _cell(cell: Source, known: Sequence[Engine]) -> Iterator[Found]:
    if _SHELL_CELL.match(cell.text):
        yield from in_script(cell, known, Beside())
        return
    yield from python_calls.read(cell, known)
    if _SHELL_LINE.search(cell.text):
        text = _EXPRESSION.sub(lambda found: FILLED * len(found[0]), _SHELL_LINE.sub(r"\1 ", cell.text))
        yield from in_script(cell.part(0, len(cell.text), text), known, Beside())
