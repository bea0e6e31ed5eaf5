"""What all commands of llem-mine share."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import Final

from pytest_llem_invariants.ssot import known_engines

OK: Final = 0
DIFFERS: Final = 1
REFUSED: Final = 2


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the engine as an argument of a command."""
    parser.add_argument("engine", help=f"one of {', '.join(known_engines())}")


def compare(path: Path, text: str) -> int:
    """Print how a file differs from the expected text; the exit status says whether it does."""
    committed = path.read_text(encoding="utf-8") if path.exists() else ""
    if committed == text:
        return OK
    sys.stdout.writelines(
        difflib.unified_diff(
            committed.splitlines(keepends=True), text.splitlines(keepends=True), str(path), "the new result"
        )
    )
    return DIFFERS
