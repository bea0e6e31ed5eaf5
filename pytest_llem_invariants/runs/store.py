"""The store: one SQLite file in which builds and replays keep what they found out, so that nobody asks for it again.

It may be missing, damaged, of another version or in use: that costs time, never an answer. A connection lives for one
call, so no fork inherits one; a process that is killed leaves what it had written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, final

VERSION: Final = 1
FILE: Final = "state.sqlite"
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS kept (
    kind TEXT NOT NULL, place TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL,
    body BLOB NOT NULL, digest BLOB NOT NULL, seconds REAL NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (kind, place, key, name)
)"""
_BESIDE: Final = ("-wal", "-shm")
_PATIENCE: Final = 10.0
"""Seconds for which another process may write."""
_PAUSE: Final = 0.05
_OTHERS_MAY_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_Found = TypeVar("_Found")


@final
@dataclass(frozen=True, slots=True)
class Drawer:
    """What belongs together in the store."""

    kind: str
    """What its entries are: steps of builds, answers, whole runs."""
    place: str
    """Whose they are: of a place only the newest keys stay."""
    key: str
    """The digest of all that can change them."""


@final
class Store:
    """Entries with names in drawers; `tell` hears in one sentence what went wrong."""

    def __init__(self, path: Path, tell: Callable[[str], None] = lambda line: None) -> None:
        self.path: Final = path
        self._tell: Final = tell
        self._is_closed = False
        """Whether it cannot be used: then nothing is kept, and nothing is known."""

    def read(self, drawer: Drawer) -> dict[str, bytes]:
        """The entries of a drawer that are as they were written."""
        if not self.path.exists():
            return {}
        rows = self._with(
            lambda connection: connection.execute(
                "SELECT name, body, digest FROM kept WHERE kind = ? AND place = ? AND key = ?", _where(drawer)
            ).fetchall()
        )
        return {
            name: body
            for name, body, digest in rows or ()
            if digest is not None and digest == _digest(drawer, name, body)
        }

    def seconds(self, drawer: Drawer) -> dict[str, float]:
        """How long each entry of a drawer took to make."""
        rows = self._with(
            lambda connection: connection.execute(
                "SELECT name, seconds FROM kept WHERE kind = ? AND place = ? AND key = ?", _where(drawer)
            ).fetchall()
        )
        return dict(rows or ())

    def write(self, drawer: Drawer, entries: Mapping[str, bytes], *, seconds: float = 0.0) -> None:
        """Add entries, or replace them; all of them are there, or none."""
        now = time.time()
        rows = [
            (*_where(drawer), name, body, _digest(drawer, name, body), seconds, now) for name, body in entries.items()
        ]
        self._with(
            lambda connection: connection.executemany(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
        )

    def drop(self, drawer: Drawer, names: Iterable[str]) -> None:
        rows = [(*_where(drawer), name) for name in names]
        self._with(
            lambda connection: connection.executemany(
                "DELETE FROM kept WHERE kind = ? AND place = ? AND key = ? AND name = ?", rows
            )
        )

    def tidy(self, drawer: Drawer, newest: int) -> None:
        """Let go of all keys of a drawer's place but this one and the newest."""
        where = drawer.kind, drawer.place

        def tidied(connection: sqlite3.Connection) -> None:
            keys = connection.execute(
                "SELECT key FROM kept WHERE kind = ? AND place = ? GROUP BY key ORDER BY key = ? DESC, max(at) DESC",
                (*where, drawer.key),
            ).fetchall()
            connection.executemany(
                "DELETE FROM kept WHERE kind = ? AND place = ? AND key = ?", [(*where, key) for (key,) in keys[newest:]]
            )

        self._with(tidied)

    def _with(self, work: Callable[[sqlite3.Connection], _Found]) -> _Found | None:
        """What the work gives; None where the store cannot be used. A damaged one is begun anew."""
        ends, is_new = time.monotonic() + _PATIENCE, False
        while not self._is_closed:
            try:
                with self._open() as connection:
                    return work(connection)
            except (sqlite3.OperationalError, OSError) as error:  # locked, full, read-only, not ours
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY and time.monotonic() < ends:
                    time.sleep(_PAUSE)  # somebody else is just making it
                    continue
                self._close(f"cannot be used ({error})")
            except (sqlite3.DatabaseError, ValueError) as error:  # ValueError: a name in it that is no text
                if is_new:
                    self._close(f"is of no use again ({error})")
                else:
                    self._begin_anew(f"is of no use ({error})")
                    is_new = True
        return None

    def _close(self, why: str) -> None:
        self._is_closed = True
        self._tell(f"{self.path} {why}: nothing is remembered")

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._make()
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")  # a kill loses nothing; after a power cut it is begun anew
            connection.execute("BEGIN IMMEDIATE")  # one writer at a time, from the first look on
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError(f"its format is {version}, not {VERSION}")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version={VERSION}")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _make(self) -> None:
        """An empty file that nobody else may write to; PermissionError where it is another user's."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            told = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if told.st_uid != os.getuid() or told.st_mode & _OTHERS_MAY_WRITE:
            raise PermissionError("others may write to it")

    def _begin_anew(self, why: str) -> None:
        self._tell(f"{self.path} {why}: it is begun anew, and what it held is made again")
        for end in (*_BESIDE, ""):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.path}{end}")


def _where(drawer: Drawer) -> tuple[str, str, str]:
    return drawer.kind, drawer.place, drawer.key


def _digest(drawer: Drawer, name: str, body: bytes) -> bytes | None:
    if type(name) is not str or type(body) is not bytes:
        return None  # damage may change the kind of a value
    return hashlib.sha256("\0".join((*_where(drawer), name, "")).encode() + body).digest()
