"""The corpus as the controller read it, left for its workers: read once per run, while they import the engine.

It is in a folder that only this user can access, and that is deleted at the end of the run, or by the next run after a
kill. A worker that finds nothing there, or the data of another text than the corpus has now, reads the corpus itself.
"""

from __future__ import annotations

import os
import pickle
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final, final

from pytest_llem_invariants.model import Corpus

try:
    import fcntl
except ImportError:  # pragma: no cover - not on Windows, where what a killed run leaves is nobody's to take away
    fcntl = None  # type: ignore[assignment]

PREFIX: Final = "llem-invariants-"
_OWNER: Final = "handover.lock"
"""Locked as long as the owner lives: unlike its pid, this works in every container that shares the folder."""
_NAME: Final = "corpus"
_DIGEST: Final = 64


@final
class Handover:
    """The controller's side."""

    def __init__(self) -> None:
        sweep(Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._owner = _own(self.folder)

    def leave(self, corpus: Corpus, sha256: str) -> None:
        """Rename it when it is complete. It is optional: a full disk is no error."""
        draft = self.folder / f"{_NAME}.part"
        try:
            draft.write_bytes(sha256.encode("ascii") + pickle.dumps(corpus, pickle.HIGHEST_PROTOCOL))
            os.replace(draft, self.folder / _NAME)
        except OSError:
            draft.unlink(missing_ok=True)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._owner is not None:
            os.close(self._owner)
            self._owner = None


def sweep(room: Path) -> None:
    """Delete what this user's killed runs have left."""
    for folder in room.glob(f"{PREFIX}*"):
        if _is_left_behind(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _own(folder: Path) -> int | None:
    """Lock the folder, if locks exist. The lock file gets its name once it is held: nobody finds it unlocked before."""
    if fcntl is None:  # pragma: no cover - as above
        return None
    draft = folder / f"{_OWNER}.part"
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    if not _locks(descriptor):
        os.close(descriptor)
        return None
    os.replace(draft, folder / _OWNER)
    return descriptor


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_left_behind(folder: Path) -> bool:
    """Whether it belongs to this user, is no link, and its owner process is gone."""
    if fcntl is None:  # pragma: no cover - as above
        return False
    try:
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
            return False
        descriptor = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return _locks(descriptor)
    finally:
        os.close(descriptor)


def taken_over(folder: Path, sha256: str) -> Corpus | None:
    """The corpus that a controller left in its folder, if it has this text."""
    try:
        left = (folder / _NAME).read_bytes()
    except OSError:
        return None
    if left[:_DIGEST] != sha256.encode("ascii"):
        return None
    corpus: Corpus = pickle.loads(left[_DIGEST:])
    return corpus
