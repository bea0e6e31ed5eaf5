"""The crash record of a run: one line per check, written as soon as it arrives."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.errors import LlemError

try:
    import fcntl
except ImportError:  # pragma: no cover - not on Windows, where two runs at once share nothing but the last word
    fcntl = None  # type: ignore[assignment]

FOLDER: Final = "_staging"


@final
class Journal:
    """Appends lines without a buffer, so that each one is on disk before the next item runs.

    A second run on the same corpus finds the journal locked and uses its own.
    """

    def __init__(self, folder: Path, engine: str) -> None:
        staging = folder / FOLDER
        staging.mkdir(parents=True, exist_ok=True)
        _sweep(staging, engine)
        self.path = staging / f"_journal_{engine}.jsonl"
        descriptor = _open(self.path)
        self._is_second = not _lock(descriptor)
        if self._is_second:
            os.close(descriptor)
            self.path = staging / f"_journal_{engine}.{os.getpid()}.jsonl"
            descriptor = _open(self.path)
            _lock(descriptor)
        os.ftruncate(descriptor, 0)
        self._descriptor: int | None = descriptor
        self.problem: str | None = None

    def begin(self, about: Mapping[str, Any]) -> None:
        self.append(json.dumps(about))

    def append(self, line: str) -> None:
        """Write one line; a full disk ends the journal, not the run."""
        if self._descriptor is None:
            return
        data = line.encode("ascii") + b"\n"
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            self.problem = f"the journal {self.path} ends early: {error.strerror}"
            self.close()

    def close(self, *, is_needed: bool = True) -> None:
        """Unlock the journal; delete the extra one of a second run that no longer needs it."""
        if self._is_second and not is_needed:
            self.path.unlink(missing_ok=True)
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """One run at a time reads, merges and replaces the files of a folder."""
    staging = folder / FOLDER
    staging.mkdir(parents=True, exist_ok=True)
    descriptor = _open(staging / ".lock")
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(staging: Path, engine: str) -> None:
    """Delete the extra journals of runs that ended: nobody holds a lock on them."""
    for path in staging.glob(f"_journal_{engine}.*.jsonl"):
        with contextlib.suppress(OSError, LlemError):
            descriptor = _open(path)
            try:
                if fcntl is not None and _lock(descriptor):
                    path.unlink()
            finally:
                os.close(descriptor)


def _open(path: Path) -> int:
    """Open a file of ours for appending. A link would lead to another file, and opening a pipe would block."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if path.is_symlink() or error.errno == errno.ENXIO:
            raise _not_ours(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_ours(path)
    return descriptor


def _not_ours(path: Path) -> LlemError:
    return LlemError(f"{path}: a link or special file is where this tool writes its own file — remove it")


def _lock(descriptor: int) -> bool:
    if fcntl is None:  # pragma: no cover - as above
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
