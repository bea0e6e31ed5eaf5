"""Every config of a folder, or of the files that a pattern names."""

from __future__ import annotations

import glob
import os
import sys

from pytest_llem_invariants.cli.ignored import files_in
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.terminal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from typing import Protocol

    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.readers.declared import Engine

    class Files(Protocol):
        """What `cli.files` has."""

        def engines(self) -> list[Engine]: ...

        def names(self) -> frozenset[str]: ...

        def in_folder(self, name: str, raw: bytes) -> list[Checked]: ...


_LARGEST = 2 * 1024 * 1024
_EVERY = 50
"""After how many files the progress is told again."""


def in_folder_or_pattern(name: str, files: Files, options: argparse.Namespace) -> list[Checked]:
    """What the files hold that have a trace of an engine; LlemError where none holds a config."""
    checked, number = _in_each(_paths(name), files, options)
    if not checked and not options.skip_others:
        raise LlemError(f"{name}: no engine config in {number:,} files — --explain-skipped tells why for each")
    return checked


def if_a_config(name: str, files: Files, options: argparse.Namespace) -> list[Checked]:
    """What one file holds, like a file of a folder: nothing, where it is about something else."""
    return _in_each([(name, None)], files, options)[0]


def _in_each(
    paths: Iterable[tuple[str, str | None]], files: Files, options: argparse.Namespace
) -> tuple[list[Checked], int]:
    """The configs of all files, and how many files there were."""
    from pytest_llem_invariants.readers.declared import traces
    from pytest_llem_invariants.readers.registry import JSON, reader_of

    marks = tuple(trace.encode() for trace in traces(files.engines()))
    checked: list[Checked] = []
    skipped: list[tuple[str, str]] = []
    number = 0
    for number, (path, why) in enumerate(paths, 1):
        _tell(number)
        if why is None and reader_of(path) is None and not path.endswith(JSON):
            why = "no format that is read"
        raw = b"" if why is not None else _read(path)
        if why is None and (raw is None or len(raw) > _LARGEST):
            why = "cannot be read" if raw is None else f"larger than {_LARGEST:,} bytes"
        elif why is None and raw is not None:
            found, why = _in_file(path, raw, marks, files)
            checked += found
        if why is not None:
            skipped.append((path, why))
    _tell(0)
    if options.explain_skipped and skipped:
        say("\n".join(f"{path}: skipped: {why}" for path, why in skipped), sys.stderr)
    return checked, number


def _in_file(path: str, raw: bytes, marks: tuple[bytes, ...], files: Files) -> tuple[list[Checked], str | None]:
    """The configs of a file, or why there are none."""
    if not any(mark in raw for mark in marks) and os.path.basename(path) not in files.names():
        return [], "no trace of an engine"
    try:
        found = files.in_folder(path, raw)
    except UnicodeDecodeError:
        return [], "not UTF-8"
    except LlemError as error:
        return [], str(error)
    return found, None if found else "no engine config found"


def _paths(name: str) -> Iterator[tuple[str, str | None]]:
    """Each file, with why it is left out, if it is."""
    if os.path.isdir(name):
        here = f".{os.sep}" if os.path.normpath(name) == os.curdir else ""
        for path, is_ignored in files_in(name):
            yield path.removeprefix(here), "git leaves it out" if is_ignored else None
    else:
        for path in sorted(glob.glob(name, recursive=True)):
            if os.path.isfile(path):
                yield path, None


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(_LARGEST + 1)
    except OSError:
        return None


def _tell(number: int) -> None:
    """How far it is, where somebody looks on."""
    if sys.stderr is not None and sys.stderr.isatty() and (number % _EVERY == 0):
        print(f"\r\x1b[K{number:,} files" if number else "\r\x1b[K", end="", file=sys.stderr, flush=True)
