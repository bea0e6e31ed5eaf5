"""The released wheels of a library: which there are, as pip finds them, and their source without a whole download.

A wheel is an archive with its table of contents at the end, and most of one is compiled code. Asked for byte ranges,
the registry gives the table and the source, some ten megabytes of several hundred.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from pytest_llem_invariants.errors import MinerError

_TABLE: Final = 1 << 20
"""How much of a wheel's end is asked for at once: its table of contents is there."""
_GAP: Final = 300_000
"""Two members that lie as near to each other are asked for together."""
_HEADER: Final = 400
"""More than the local header of a member takes beside its name."""
_TRIES: Final = 4
_PATIENCE: Final = 180


@dataclass(frozen=True)
class Release:
    """One released version, and where its wheel is."""

    version: str
    url: str


def versions_since(project: str, since: str) -> list[str]:
    """The released versions of a project from one on, oldest first."""
    told = _pip("index", "versions", project)
    found = re.search(r"^Available versions: (.+)$", told, re.MULTILINE)
    if found is None:
        raise MinerError(f"pip names no versions of {project}")
    return ordered(version for version in found[1].split(", ") if Version(version) >= Version(since))


def ordered(versions: Any) -> list[str]:
    """Versions, oldest first."""
    return sorted(versions, key=as_version)


def as_version(text: str) -> Version:
    """A version to compare; MinerError where it is none."""
    try:
        return Version(text)
    except InvalidVersion as error:
        raise MinerError(f"{text!r} is no version — write it as the registry does: 0.19.1") from error


def release_of(project: str, version: str) -> Release:
    """Where pip finds the wheel of a version."""
    asked = ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
    report = _pip("install", *asked, "--use-feature=fast-deps", "--quiet", "--report", "-", f"{project}=={version}")
    url = json.loads(report)["install"][0]["download_info"]["url"]
    return Release(version, url)


def source_of(release: Release, package: str) -> dict[str, str]:
    """The Python source of a package in a released wheel, by path."""
    remote = _Remote(release.url)
    remote.prefetch(max(0, remote.size - _TABLE), remote.size)
    with zipfile.ZipFile(remote) as archive:
        members = [one for one in archive.infolist() if _is_source(one.filename, package)]
        for start, end in _spans(members):
            remote.prefetch(start, min(end, remote.size))
        return {one.filename: archive.read(one).decode("utf-8", "replace") for one in members}


def source_downloaded(project: str, version: str) -> dict[str, str]:
    """The Python source of a package whose wheel is small, from the whole of it."""
    with tempfile.TemporaryDirectory() as folder:
        asked = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--quiet", "--dest", folder]
        _pip("download", *asked, f"{project}=={version}")
        return source_at(next(Path(folder).iterdir()), project)


def source_at(path: Path, package: str) -> dict[str, str]:
    """The Python source of a package in a folder or a wheel on this machine, by path."""
    if path.is_file():
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if _is_source(name, package)]
            return {name: archive.read(name).decode("utf-8", "replace") for name in names}
    folder = path / package
    if not folder.is_dir():
        raise MinerError(f"{path} has no folder {package} — name the folder that holds the package, or its wheel")
    found = sorted(folder.rglob("*.py"))
    return {one.relative_to(path).as_posix(): one.read_text(encoding="utf-8", errors="replace") for one in found}


def _is_source(name: str, package: str) -> bool:
    return name.startswith(f"{package}/") and name.endswith(".py")


def _spans(members: Sequence[zipfile.ZipInfo]) -> list[tuple[int, int]]:
    """The ranges that hold the members, near ones as one."""
    spans: list[tuple[int, int]] = []
    for one in sorted(members, key=lambda member: member.header_offset):
        start = one.header_offset
        end = start + one.compress_size + len(one.filename) + _HEADER
        if spans and start - spans[-1][1] < _GAP:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


class _Remote(io.RawIOBase):
    """A file of which byte ranges are asked for, as `zipfile` reads one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._at = 0
        self._kept: list[tuple[int, bytes]] = []
        self.size = self._length()

    def _length(self) -> int:
        with _opened(self._url, "bytes=0-0") as answer:
            total = str(answer.headers.get("Content-Range", "")).rpartition("/")[2]
        if answer.status != 206 or not total.isdigit():
            raise MinerError("the registry gives no parts of a file — download the wheels and name them with --source")
        return int(total)

    def prefetch(self, start: int, end: int) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                with _opened(self._url, f"bytes={start}-{end - 1}") as answer:
                    self._kept.append((start, answer.read()))
                return
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                if attempt == _TRIES:
                    raise MinerError(f"the registry does not answer: {error}") from error

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        length = self.size - self._at if size < 0 else min(size, self.size - self._at)
        for start, kept in self._kept:
            if start <= self._at and self._at + length <= start + len(kept):
                begin = self._at - start
                self._at += length
                return kept[begin : begin + length]
        self.prefetch(self._at, min(self.size, self._at + max(length, 1 << 16)))
        return self.read(length)


def _opened(url: str, part: str) -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, headers={"Range": part}), timeout=_PATIENCE)


def _pip(*words: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        raise MinerError(f"pip {words[0]}: {lines[0].removeprefix('ERROR: ')}")
    return done.stdout
