"""A store's file as SQLite has it, for tests that look into it or damage it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Committed and closed at the end: a connection's own `with` only commits."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        yield connection
