"""All that can change what a library answers, as digests; what cannot be told apart is another."""

from __future__ import annotations

import hashlib
import importlib.machinery
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, final

ABSENT: Final = "absent"
_NOT_OURS: Final = ("LLEM_", "PYTEST_CURRENT_TEST", "PYTEST_XDIST", "OLDPWD", "SHLVL", "TERM", "COLUMNS", "LINES")
"""What the variables begin with that change no answer of a library, or change with each run."""
_KINDS: Final = ("LLEM_ENVIRONMENT_KIND", "LLEM_IMAGE_REF")
_NO_FILES: Final = ("/proc/", "/sys/", "/dev/")
_CACHE: Final = "__pycache__"
_TICK: Final = 20_000_000
"""Nanoseconds by which the kernel's clocks may differ."""


def fingerprint(path: str) -> str:
    """Of a file: it is another one after any change of its content, for the kernel then moves its ctime."""
    try:
        told = os.stat(path)
        if os.path.isdir(path):
            return _digest(sorted(name for name in os.listdir(path) if name != _CACHE))
    except OSError:
        return ABSENT
    return f"{told.st_size}:{told.st_mtime_ns}:{told.st_ctime_ns}:{told.st_ino}"


def process_began() -> int:
    """When this process began, in nanoseconds: what changed since may have been read before it did."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    booted = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return booted + ticks * 10**9 // os.sysconf("SC_CLK_TCK") - _TICK


def changed_since(path: str, moment_ns: int) -> bool:
    try:
        return os.stat(path).st_ctime_ns >= moment_ns
    except OSError:
        return False


def surroundings(package: str, tool: Path) -> dict[str, str]:
    """What surrounds the library: a digest of each part. `tool` is the folder of this project's own code."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name in _KINDS or not (name == "_" or name.startswith(_NOT_OURS))
    }
    devices = sorted(name for name in os.listdir("/dev") if name.startswith(("nvidia", "kfd", "dri")))
    return {
        "python": _digest([sys.version, sys.executable, sys.prefix, sys.flags, sys.platform]),
        "machine": _digest([*os.uname(), os.cpu_count(), os.sysconf("SC_PHYS_PAGES"), os.getuid(), devices]),
        "working folder": os.getcwd(),
        "variables": _digest(sorted(variables.items())),
        "packages": _digest([[folder, *_importable(folder)] for folder in sys.path]),
        "library": _digest(list(_library(package))),
        "tool": _digest([[path, fingerprint(path)] for path in _sources(str(tool))]),
    }


def _library(package: str) -> Iterator[list[str]]:
    """Every file of the library: processes that it starts read some that this one never sees."""
    spec = importlib.machinery.PathFinder.find_spec(package)
    places = [] if spec is None else [*(spec.submodule_search_locations or ()), spec.origin or ""]
    for place in places:
        for path in _sources(place):
            yield [path, fingerprint(path)]


def _sources(place: str) -> Iterator[str]:
    if os.path.isfile(place):
        yield place
    for folder, folders, files in os.walk(place):
        folders[:] = sorted(name for name in folders if name != _CACHE)
        yield from (os.path.join(folder, name) for name in sorted(files) if not name.endswith(".pyc"))


def _importable(folder: str) -> Iterator[list[str]]:
    """What could be imported from a folder of the path, and what is installed there in which version."""
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            yield [name, fingerprint(os.path.join(folder, name, "RECORD"))]
        elif name.endswith((".py", ".so", ".pth")) or (
            name.isidentifier() and os.path.isdir(os.path.join(folder, name))
        ):
            yield [name]


def _digest(parts: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(list(parts), default=str).encode("utf-8", "surrogatepass")).hexdigest()


@final
class Reads:
    """The files that this process reads, from now on and in its modules."""

    def __init__(self) -> None:
        self._opened: set[str] = set()
        self._at_work = threading.local()
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook stays until the process ends, and must not fail."""
        if event not in ("open", "os.listdir", "os.scandir") or getattr(self._at_work, "is_on", False):
            return
        self._at_work.is_on = True
        try:
            path = arguments[0] if arguments[0] is not None else "."
            is_written = event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if isinstance(path, (str, bytes)) and not is_written:
                self._opened.add(os.path.abspath(os.fsdecode(path)))
        except Exception:  # an odd path is no file that anybody read
            pass
        finally:
            self._at_work.is_on = False

    def paths(self, without: Collection[str] = ()) -> list[str]:
        """What was read, without what lies in some folders."""
        modules = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        every = {path for path in modules if isinstance(path, str)} | self._opened
        outside = (*_NO_FILES, *without)
        every.discard(tempfile.gettempdir())  # others put things there all the time
        sources = (path for path in every if not path.endswith(".pyc") and _CACHE not in path)
        return sorted(path for path in sources if os.path.isabs(path) and not _is_in(path, outside))


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder.rstrip("/") or path.startswith(folder) for folder in folders)


def first_change(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """The first part that is another, in words."""
    return next((name for name in now if before.get(name) != now[name]), None)


def changed_file(files: Mapping[str, str]) -> str | None:
    """The first file that is another than it was."""
    return next((path for path, was in files.items() if fingerprint(path) != was), None)
