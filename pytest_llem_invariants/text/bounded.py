"""Read a path that may be anything: an endless device, a pipe without a writer, a folder."""

from __future__ import annotations

import os
import stat
import sys

from pytest_llem_invariants.errors import CorpusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

LARGEST = 64 * 1024 * 1024
DEEPEST = 64
"""The most nested levels of lists and mappings in a file."""
_OPEN_ALREADY = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""The path that a shell passes for `<(command)`: a pipe with a writer."""


def read_bytes(path: str | Path, largest: int = LARGEST, fix: str = "check that it is the right file") -> bytes:
    """The bytes of a regular file; CorpusError in one line if it is none, or too large."""
    name = os.fspath(path)
    is_pipe = name.startswith(_OPEN_ALREADY)
    try:
        descriptor = os.open(name, os.O_RDONLY | (0 if is_pipe else os.O_NONBLOCK) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CorpusError(
            f"the file cannot be read: {reason}", path=_shown(name), fix="check the path and its permissions"
        ) from error
    try:
        _check_kind(os.fstat(descriptor), name, is_pipe)
        if os.fstat(descriptor).st_size > largest:
            raise too_large(name, largest, fix)
        return _read(lambda most: os.read(descriptor, most), name, largest, fix)
    finally:
        os.close(descriptor)


def _check_kind(status: os.stat_result, name: str, is_pipe: bool) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise CorpusError("the file cannot be read: this is a folder", path=_shown(name), fix="name a file in it")
    if not stat.S_ISREG(status.st_mode) and not is_pipe:
        raise CorpusError(
            "the file cannot be read: it is not a regular file",
            path=_shown(name),
            fix="name a file, or pipe it in as `-`",
        )


def read_stdin(largest: int, fix: str) -> bytes:
    """The bytes from standard input."""
    if sys.stdin is None:
        raise CorpusError("standard input is closed", path="<stdin>", fix="name a file")
    return _read(sys.stdin.buffer.read, "<stdin>", largest, fix)


def _read(read: Callable[[int], bytes], name: str, largest: int, fix: str) -> bytes:
    parts: list[bytes] = []
    left = largest + 1
    try:
        while left > 0:
            part = read(min(left, 1 << 20))
            if not part:
                break
            parts.append(part)
            left -= len(part)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CorpusError(f"the file cannot be read: {reason}", path=_shown(name), fix="check the path") from error
    if left <= 0:
        raise too_large(name, largest, fix)
    return b"".join(parts)


def too_large(path: str | Path, largest: int, fix: str) -> CorpusError:
    return CorpusError(f"the file is larger than {largest:,} bytes", path=_shown(os.fspath(path)), fix=fix)


def read_text(path: str | Path, largest: int = LARGEST, fix: str = "check that it is the right file") -> str:
    """The text of a file in UTF-8."""
    return decoded(read_bytes(path, largest, fix), path)


def decoded(raw: bytes, path: str | Path) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CorpusError("the file is not UTF-8", path=path, line=line, fix="save it as UTF-8") from error


def _shown(name: str) -> str:
    return name if len(name) <= 300 else f"{name[:299]}…"


def depth_of(data: Any, most: int = DEEPEST) -> int:
    """The depth of nested data, counted up to one level beyond `most`."""
    level = [data] if type(data) in _NESTING else []
    depth = 0
    while level and depth <= most:
        depth += 1
        level = [inner for outer in level for inner in _members(outer) if type(inner) in _NESTING]
    return depth


_NESTING = frozenset({dict, list, tuple})


def _members(data: Any) -> Any:
    return data.values() if type(data) is dict else data


def has_long_number(data: Any) -> bool:
    """Whether an integer has so many digits that Python refuses to print it."""
    left = [data]
    while left:
        one = left.pop()
        if type(one) is int and one.bit_length() > _MOST_BITS:
            return True
        if type(one) in _NESTING:
            left.extend(_members(one))
    return False


_MOST_BITS = 14_000
