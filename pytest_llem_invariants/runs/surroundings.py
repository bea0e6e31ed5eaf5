"""All that can change what a library answers, as digests; what cannot be told apart is another."""

from __future__ import annotations

import hashlib
import importlib.machinery
import json
import os
import re
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final, final

ABSENT: Final = "absent"
LIBRARY: Final = "the whole library"
"""Stands among files for all of the library: a process started another, whose reading nobody sees."""
_NOT_OURS: Final = ("LLEM_", "PYTEST_CURRENT_TEST", "PYTEST_XDIST", "OLDPWD", "SHLVL", "TERM", "COLUMNS", "LINES")
"""What the variables begin with that change no answer of a library, or change with each run."""
_KINDS: Final = ("LLEM_ENVIRONMENT_KIND", "LLEM_IMAGE_REF")
_NO_FILES: Final = ("/proc/", "/sys/", "/dev/")
_CACHE: Final = "__pycache__"
_SAID: Final = (".dist-info", ".egg-info")
_STARTS: Final = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty", "os.system"})
_READS: Final = frozenset({"open", "os.listdir", "os.scandir"})
_NOTED: Final = _STARTS | _READS
"""The events that count, among the 400,000 of a process."""
_STANDARD: Final = (f"{os.path.dirname(os.__file__)}/", "<frozen ")
_PROGRAMS: Final = ("gcc", "cc", "ld", "ldconfig", "objdump", "lscpu", "nvidia-smi", "uname", "file")
"""What is started to look at the machine, and reads nothing of a Python library."""
_PACKAGES: Final = ("/site-packages/", "/dist-packages/")
_TICK: Final = 20_000_000
"""Nanoseconds by which the kernel's clocks may differ."""


def fingerprint(path: str) -> str:
    """Of a file: it is another one after any change of its content, for the kernel then moves its ctime."""
    try:
        told = os.stat(path)
        if stat.S_ISDIR(told.st_mode):
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


def surroundings(package: str, *tools: Path) -> dict[str, str]:
    """What surrounds the library: a digest of each part. `tools` are the folders of this project's own code."""
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
        "packages": packages(),
        "library": _digest(list(_library(package))),
        "tool": _digest([[path, fingerprint(path)] for tool in tools for path in _sources(str(tool))]),
    }


def packages(without: str = "") -> str:
    """A digest of what could be imported and is installed, `without` one distribution."""
    return _digest([[folder, *_importable(folder, without)] for folder in sys.path])


def names_in(folder: str, without: str) -> str:
    """A digest of the names in a folder, without that of a distribution."""
    try:
        return _digest(sorted(name for name in os.listdir(folder) if name != _CACHE and not _is_of(name, without)))
    except OSError:
        return ABSENT


def _is_of(name: str, distribution: str) -> bool:
    """Whether a folder is what an installer says of a distribution."""
    if not (distribution and name.endswith(_SAID)):
        return False
    return name.lower().startswith(f"{re.sub(r'[-_.]+', '_', distribution).lower()}-")


def places_of(package: str) -> tuple[str, ...]:
    """The folders and files of a package."""
    spec = importlib.machinery.PathFinder.find_spec(package)
    return () if spec is None else (*(spec.submodule_search_locations or ()), spec.origin or "")


def _library(package: str) -> Iterator[list[str]]:
    """Every file of the library: processes that it starts read some that this one never sees."""
    for place in places_of(package):
        for path in _sources(place):
            yield [path, fingerprint(path)]


def _sources(place: str) -> Iterator[str]:
    if os.path.isfile(place):
        yield place
    for folder, folders, files in os.walk(place):
        folders[:] = sorted(name for name in folders if name != _CACHE)
        yield from (os.path.join(folder, name) for name in sorted(files) if not name.endswith(".pyc"))


def _importable(folder: str, without: str) -> Iterator[list[str]]:
    """What could be imported from a folder of the path, and what is installed there in which version."""
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return
    for name in names:
        if name.endswith(_SAID):
            if _is_of(name, without):
                continue
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

    def __init__(self, distribution: str = "", tool: str = "") -> None:
        self._distribution = distribution
        self._tool = tool
        """The folder of this project's code: what it reads of the distribution is none of the library's reading."""
        self._opened: set[str] = set()
        self._new: set[str] = set()
        """Of these, what is not told yet."""
        self._told: set[str] = set()
        self._modules = 0
        self._at_work = threading.local()
        sys.addaudithook(_of_those_that_count(self._note))

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook stays until the process ends, and must not fail."""
        if getattr(self._at_work, "is_on", False):
            return
        if event in _STARTS:
            if not _reads_no_library(event, arguments):
                self._new.add(LIBRARY)
            return
        self._at_work.is_on = True
        try:
            path = arguments[0] if arguments[0] is not None else "."
            is_written = event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if isinstance(path, (str, bytes)) and not is_written:
                path = os.path.abspath(os.fsdecode(path))
                if path not in self._opened and not self._is_read_by_us(path):
                    self._opened.add(path)
                    self._new.add(path)
        except Exception:  # an odd path is no file that anybody read
            pass
        finally:
            self._at_work.is_on = False

    def _is_read_by_us(self, path: str) -> bool:
        """Whether our own code asks what is installed: of the files of the distribution, which name the version."""
        if not (self._tool and any(_is_of(part, self._distribution) for part in path.split("/")[-2:])):
            return False
        frame: FrameType | None = sys._getframe(3)  # below this one, `_note` and its hook
        while frame is not None and _is_standard(frame.f_code.co_filename):
            frame = frame.f_back
        return frame is not None and frame.f_code.co_filename.startswith(f"{self._tool}/")

    def fresh(self) -> tuple[str, ...]:
        """What was read since this was last asked, which happens for every check: mostly nothing."""
        if not self._new and len(sys.modules) == self._modules:
            return ()
        new, self._new = self._new, set()
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            new |= _of_modules()
        found = _told_of(new - self._told, ())
        whole = (LIBRARY,) if LIBRARY in new - self._told else ()
        self._told.update(new)
        return (*found, *whole)

    def paths(self, without: Collection[str] = ()) -> list[str]:
        """What was read, without what lies in some folders."""
        return _told_of(_of_modules() | self._opened.copy(), without)


def _of_those_that_count(note: Callable[[str, tuple[Any, ...]], None]) -> Callable[[str, tuple[Any, ...]], None]:
    """A hook for all events: a function, since a method takes three times as long to be called."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _NOTED:
            note(event, arguments)

    return hook


def _reads_no_library(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether what is started looks at the machine alone."""
    program = arguments[0] if event in ("subprocess.Popen", "os.posix_spawn") and arguments else None
    return isinstance(program, (str, bytes)) and os.path.basename(os.fsdecode(program)) in _PROGRAMS


def _is_standard(file: str) -> bool:
    return file.startswith(_STANDARD) and not any(part in file for part in _PACKAGES)


def _of_modules() -> set[str]:
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    return {path for path in files if isinstance(path, str)}


def _told_of(paths: Collection[str], without: Collection[str]) -> list[str]:
    """The files among these on which an answer may depend."""
    outside = (*_NO_FILES, *without)
    ours = tempfile.gettempdir()  # others put things there all the time
    sources = (path for path in paths if not path.endswith(".pyc") and _CACHE not in path and path != ours)
    return sorted(path for path in sources if os.path.isabs(path) and not _is_in(path, outside))


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder.rstrip("/") or path.startswith(folder) for folder in folders)


def first_change(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """The first part that is another, in words."""
    return next((name for name in now if before.get(name) != now[name]), None)


def changed_file(files: Mapping[str, str]) -> str | None:
    """The first file that is another than it was."""
    return next((path for path, was in files.items() if fingerprint(path) != was), None)
