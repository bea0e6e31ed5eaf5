"""Compiled corpora in the user's cache folder, found by the digests of what they are made of.

A cache may be missing, read-only or damaged: that costs time, never an answer. What somebody else may write to is
not read. Freshness is a few calls of `stat` before a check; only what they cannot tell is read and hashed.
"""

from __future__ import annotations

import os
import stat

from pytest_llem_invariants.checker import layout
from pytest_llem_invariants.errors import CorpusError, LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

VARIABLE = "LLEM_CACHE_DIR"
_FOLDER = "pytest-llem-invariants"
COMPILER = (
    "checker/advice.py",
    "checker/argv_compiled.py",
    "checker/certifying.py",
    "checker/codegen.py",
    "checker/compiled.py",
    "checker/deciding.py",
    "checker/fast.py",
    "checker/heard.py",
    "checker/layout.py",
    "checker/plain.py",
    "checker/planning.py",
    "checker/runtime.py",
    "checker/shapes.py",
    "checker/suggest.py",
    "checker/telling.py",
    "checker/verdict.py",
    "corpus/__init__.py",
    "corpus/commands_layout.py",
    "corpus/context.py",
    "corpus/evidence.py",
    "corpus/files.py",
    "corpus/layers_layout.py",
    "corpus/models_layout.py",
    "corpus/names.py",
    "corpus/rules.py",
    "corpus/schema_layout.py",
    "errors.py",
    "language/__init__.py",
    "language/expressions.py",
    "language/kinds.py",
    "language/operators/__init__.py",
    "language/operators/division.py",
    "language/operators/equality.py",
    "language/operators/length.py",
    "language/operators/modifiers.py",
    "language/operators/nested.py",
    "language/operators/order.py",
    "language/operators/parts.py",
    "language/operators/presence.py",
    "language/operators/record.py",
    "language/operators/text.py",
    "language/operators/types.py",
    "language/patterns.py",
    "language/predicates.py",
    "language/values.py",
    "language/wording.py",
    "model.py",
    "native_types.py",
    "ssot.py",
    "text/__init__.py",
    "text/atomic.py",
    "text/bounded.py",
    "text/collector.py",
    "text/likeness.py",
    "text/strict.py",
    "text/yaml_parser.py",
    "text/yaml_reader.py",
    "text/yaml_scalars.py",
    "text/yaml_writer.py",
)
"""The modules of this package that make a compiled corpus what it is: another of any is another corpus."""
_UNSETTLED = 2_000_000_000
"""Nanoseconds in which a file may change twice and keep its time."""
_LARGEST_IN_ALL = 256 * 1024 * 1024
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def folder() -> str | None:
    """The cache folder, whether or not it is there; None where nobody can say which."""
    given = os.environ.get(VARIABLE)
    if given:
        if not os.path.isabs(given):
            raise LlemError(f"{VARIABLE} is {given!r} — write an absolute path")
        return given
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, _FOLDER, "compiled") if os.path.isabs(home) else None


def compiled(corpus: str, ssot: str) -> layout.Compiled:
    """The compiled form of a corpus folder: from the cache, else made now and put there."""
    return Entry(corpus, ssot).compiled()


class Entry:
    """One corpus folder and its place in the cache."""

    def __init__(self, corpus: str, ssot: str) -> None:
        self._corpus = corpus
        self._ssot = ssot
        place = folder()
        self._folder = place if place is not None and _is_ours(place) else None
        self._sources = sources(corpus, ssot)
        self._seen, self._newest = _stamps(self._sources)
        self._key: str | None = None if self._folder is None else self._remembered()

    def path(self) -> str | None:
        return None if self._folder is None else os.path.join(self._folder, f"{self._digest()}.json")

    def read(self) -> layout.Compiled | None:
        path = self.path()
        if path is None:
            return None
        try:
            found = layout.parse_file(path, lambda at, length: _read(path, at, length) or b"", self.make)
        except CorpusError:
            return None
        return found if found is not None and found.head.get("key") == self._digest() else None

    def compiled(self) -> layout.Compiled:
        return self.read() or self.make()

    def make(self) -> layout.Compiled:
        """Compile now; keep it where the sources stood still meanwhile."""
        from pathlib import Path

        from pytest_llem_invariants.checker.compiled import compile_folder
        from pytest_llem_invariants.ssot import read_ssot

        ssot = read_ssot(Path(self._ssot)) if os.path.exists(self._ssot) else None
        text = compile_folder(Path(self._corpus), ssot, key=self._digest())
        made = layout.parse(text.encode(), self._corpus)
        assert made is not None
        path = self.path()
        if path is not None and _stamps(self._sources)[0] == self._seen:
            _write(path, text)
        return made

    def _digest(self) -> str:
        """The name under which the cache keeps what is made of these sources by this code."""
        if self._key is None:
            import time

            began = time.time_ns()
            self._key = key(self._sources)
            if self._folder is not None and self._newest + _UNSETTLED < began:
                self._remember(self._key)
        return self._key

    # What `stat` said when the sources were last hashed: as long as it says the same, they need not be read.

    def _note(self, place: str) -> str:
        corpus = os.path.abspath(self._corpus)
        return os.path.join(place, f"seen-{layout.digest(corpus.encode(errors='surrogateescape'))}.txt")

    def _remembered(self) -> str | None:
        assert self._folder is not None
        text = _read(self._note(self._folder))
        seen, _, found = ("" if text is None else text.decode("ascii", "replace")).rpartition("\n")
        is_key = len(found) == 64 and found.isalnum()
        return found if is_key and seen == self._seen else None

    def _remember(self, found: str) -> None:
        assert self._folder is not None
        _write(self._note(self._folder), f"{self._seen}\n{found}")


def sources(corpus: str, ssot: str) -> list[tuple[str, str]]:
    """Every file that takes part in the compiled form of a corpus folder: its name in the key, and its path."""
    found = [(name, os.path.join(corpus, name)) for name in layout.SOURCES]
    found.append(("engine_versions", ssot))
    parent = os.path.dirname(corpus)
    history = parent if os.path.basename(parent) == "history" else os.path.join(corpus, "history")
    kept = sorted(os.listdir(history)) if os.path.isdir(history) else ()
    found.extend((f"history/{version}", os.path.join(history, version, layout.SCHEMA)) for version in kept)
    beside = {os.path.dirname(history), *(os.path.join(history, version) for version in kept)} - {corpus}
    found.extend((f"commands/{folder}", os.path.join(folder, layout.COMMANDS)) for folder in sorted(beside))
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found.extend((name, os.path.join(package, name)) for name in COMPILER)
    return found


def key(named: Sequence[tuple[str, str]]) -> str:
    """The digest of what the sources hold, in hexadecimal."""
    from hashlib import sha256

    whole = sha256(f"{layout.FORMAT}\n".encode())
    for name, path in named:
        try:
            with open(path, "rb") as file:
                held = sha256(file.read()).hexdigest()
        except FileNotFoundError:
            held = "-"
        except OSError as error:
            raise CorpusError(f"the file cannot be read: {error.strerror}", path=path, fix="check the path") from error
        whole.update(f"{held} {name}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()


def _stamps(named: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """What `stat` says of the sources, as one line of ASCII, and the latest time in it."""
    parts = []
    newest = 0
    for name, path in named:
        try:
            at = os.stat(path)
        except OSError:
            parts.append(f"{name!a}:-")
            continue
        newest = max(newest, at.st_mtime_ns, at.st_ctime_ns)
        parts.append(f"{name!a}:{at.st_size}:{at.st_mtime_ns}:{at.st_ctime_ns}:{at.st_ino}:{at.st_dev}")
    return f"{layout.FORMAT};" + ";".join(parts), newest


# The folder


def _is_mine(at: os.stat_result) -> bool:
    """Whether nobody else may have written it."""
    return os.name != "posix" or (at.st_uid == os.geteuid() and not at.st_mode & _OTHERS_MAY_WRITE)


def _is_ours(place: str) -> bool:
    """Whether the folder may be used: it is ours alone, or nobody has made it yet."""
    try:
        at = os.stat(place)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return stat.S_ISDIR(at.st_mode) and _is_mine(at)


def _read(path: str, at: int = 0, length: int | None = None) -> bytes | None:
    """What a file of the cache holds there; None where it is not there, or not to be trusted."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode) or not _is_mine(told) or told.st_size > layout.LARGEST:
                return None
            if at:
                file.seek(at)
            return file.read(length)
    except OSError:
        return None


def _write(path: str, text: str) -> None:
    """Put a file there at once, or leave it: a full, read-only or foreign folder costs the next check time."""
    import tempfile

    place, name = os.path.split(path)
    try:
        os.makedirs(place, mode=0o700, exist_ok=True)
        if not _is_ours(place):
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=place)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        _prune(place)
    except OSError:
        return


def _prune(place: str) -> None:
    """Let the oldest go where all of it is more than a user would want to keep."""
    found: list[tuple[int, int, str]] = []
    for entry in os.scandir(place):
        at = entry.stat(follow_symlinks=False)
        found.append((at.st_mtime_ns, at.st_size, entry.path))
    left = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if left <= _LARGEST_IN_ALL:
            break
        os.unlink(path)
        left -= size
