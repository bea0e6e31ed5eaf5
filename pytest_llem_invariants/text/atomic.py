"""File system and clock: atomic writes, and one definition of now."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pytest_llem_invariants.errors import LlemError

FROZEN_AT: Final = "LLEM_FROZEN_AT"
SOURCE_DATE_EPOCH: Final = "SOURCE_DATE_EPOCH"


def write_atomically(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace the file at once: a reader, a crash or a full disk sees the old text or the new one, never a part.

    What can be made again need not be `durable`: to wait for the disk takes longer than all else. A device or a pipe is
    written to: to replace it, as root can, would take `/dev/null` from everybody.
    """
    if _is_no_file(path):
        path.write_bytes(text.encode("utf-8"))
        return
    target = Path(os.path.realpath(path))  # keep a link
    target.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode("utf-8")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        os.chmod(name, _mode_for(target))
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    if durable:
        _sync_folder(target.parent)


def _is_no_file(path: Path) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:  # there is none yet
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _mode_for(target: Path) -> int:
    """The mode of the replaced file; for a new one, the mode that `open` would use."""
    try:
        return target.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, if the platform can open folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _moment() -> datetime:
    frozen, epoch = os.environ.get(FROZEN_AT), os.environ.get(SOURCE_DATE_EPOCH)
    try:
        if frozen:
            moment = datetime.fromisoformat(frozen)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if epoch:
            return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        name, told = (FROZEN_AT, frozen) if frozen else (SOURCE_DATE_EPOCH, epoch)
        raise LlemError(
            f"{name} is {told!r}, which is not a timestamp — write 2026-01-31T10:00:00Z, or seconds"
        ) from error
    return datetime.now(UTC)


def now() -> str:
    """The time in ISO 8601 UTC, to the second; `LLEM_FROZEN_AT`, else `SOURCE_DATE_EPOCH`, replaces the clock."""
    return _moment().strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """The date of `now`."""
    return _moment().date().isoformat()
