"""What all commands of llem-mine share."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from pathlib import Path
from typing import Final

from pytest_llem_invariants.ssot import known_engines
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.terminal import say

WORKERS: Final = "LLEM_WORKERS"
OK: Final = 0
DIFFERS: Final = 1
REFUSED: Final = 2


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the engine as an argument of a command."""
    parser.add_argument("engine", help=f"one of {', '.join(known_engines())}")


def add_workers(parser: argparse.ArgumentParser, default: int = 2, told: str = "number of worker processes") -> None:
    """Add the number of workers; the variable is its default for every command."""
    parser.add_argument(
        "--workers",
        type=int,
        default=os.environ.get(WORKERS) or default,
        metavar="N",
        help=f"{told} (default: {WORKERS}, else {default})",
    )


def committed(path: Path) -> str:
    """What a file holds; nothing where it is not there."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def publish(path: Path, text: str) -> None:
    """Write a file if it holds something else, and say which."""
    if committed(path) == text:
        say(f"{path} is up to date")
        return
    write_atomically(path, text)
    say(f"wrote {path}")


def compare(path: Path, text: str) -> int:
    """Print how a file differs from the expected text; the exit status says whether it does."""
    before = committed(path)
    if before == text:
        return OK
    sys.stdout.writelines(
        difflib.unified_diff(
            before.splitlines(keepends=True), text.splitlines(keepends=True), str(path), "the new result"
        )
    )
    return DIFFERS
