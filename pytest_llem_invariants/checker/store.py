"""Where corpora lie, and their compiled form. Strings and `os` only: this stands before every check."""

from __future__ import annotations

import os
from zlib import crc32

from pytest_llem_invariants.checker import shapes
from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError
from pytest_llem_invariants.text.bounded import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Root = str | os.PathLike[str]

FORMAT = 3
COMPILED = "compiled.json"
SOURCES = ("invariants.proposed.yaml", "invariants.validated.yaml", "schema.discovered.json")
SCHEMA = SOURCES[2]
HEAD = f'{{"format":{FORMAT},"digest":"'
THEN = '","head":'
BODY = ',"body":['
"""What surrounds the head and its digest in the first line; the classes stand in the lines below."""
LARGEST = 256 * 1024 * 1024
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SHIPPED = os.path.join(_PACKAGE, "_data")
_MEND = "llem-invariants compile"


def digest(text: bytes) -> str:
    """A checksum that tells damage: every flipped byte, and all but one in four billion of other accidents."""
    return f"{crc32(text):08x}"


class Compiled:
    """A compiled corpus: its head, and for each class its tests and its rules, read only when they are asked for.

    Every part has its digest. Where one is damaged, the corpus is made `again`, if that is known how.
    """

    __slots__ = ("_again", "_body", "_text", "head", "path")

    def __init__(
        self, head: dict[str, Any], text: bytes, body: int, path: str, again: Callable[[], Compiled] | None = None
    ) -> None:
        self.head = head
        self.path = path
        self._text = text
        self._body = body
        self._again = again

    def tests(self, name: str) -> dict[str, Any]:
        """What a check of the class asks."""
        tests: dict[str, Any] = self._part(name, 0, shapes.is_class)
        return tests

    def rules(self, name: str) -> Rules:
        """What is told of the rules of the class."""
        return Rules(self._part(name, 3, shapes.is_texts), name, self.path)

    def _part(self, name: str, first: int, is_right: Callable[[Any], bool]) -> Any:
        found = self._read(name, first, is_right)
        if found is None and self._again is not None:
            fresh = self._again()
            self.head, self._text, self._body, self._again = fresh.head, fresh._text, fresh._body, None
            found = self._read(name, first, is_right)
        if found is None:
            raise damaged(name, self.path)
        return found

    def _read(self, name: str, first: int, is_right: Callable[[Any], bool]) -> Any:
        at, length, checksum = self.head["classes"].get(name, (0, 0, 0, 0, 0, 0))[first : first + 3]
        text = self._text[self._body + at : self._body + at + length]
        if crc32(text) != checksum:
            return None
        data = _parsed(_ascii(text))
        return data if is_right(data) else None


class Rules:
    """What is told of the rules of a class, each read when it is asked for: a config triggers few of them."""

    __slots__ = ("_known", "_name", "_path", "_texts")

    def __init__(self, texts: Sequence[str], name: str, path: str) -> None:
        self._texts = texts
        self._name = name
        self._path = path
        self._known: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(self.__getitem__, range(len(self._texts)))

    def __getitem__(self, number: int) -> dict[str, Any]:
        found = self._known.get(number)
        if found is None:
            found = _parsed(self._texts[number]) if number < len(self._texts) else None
            if found is None or not shapes.is_rule(found):
                raise damaged(self._name, self._path)
            found["type"] = self._name
            self._known[number] = found
        return found


def damaged(name: str, path: str) -> CorpusError:
    return CorpusError(f"the compiled rules of {name} are damaged", path=path, mend=_MEND)


def _ascii(text: bytes) -> str:
    """What was written in ASCII; what was not is damaged, and told by its digest or its form."""
    return str(text, "ascii", "replace")


def _parsed(text: str) -> Any:
    """What JSON text holds; None where it is none."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def parse(text: bytes, path: Root, again: Callable[[], Compiled] | None = None) -> Compiled | None:
    """A compiled corpus; None where an earlier layout wrote it."""
    shown = os.fspath(path)
    if text.startswith(HEAD.encode()):
        start, end = len(HEAD) + 8 + len(THEN), text.find(b"\n")
        line = text[start : end - len(BODY)]
        if text[len(HEAD) : start] == (digest(line) + THEN).encode():
            head = _parsed(_ascii(line))
            if shapes.is_head(head):
                return Compiled(head, text, end + 1, shown, again)
        raise CorpusError("the compiled corpus is damaged", path=shown, mend=_MEND)
    version = (_parsed(_ascii(text)) or {}).get("format") if text.startswith(b"{") else None
    if type(version) is not int or version == FORMAT:
        raise CorpusError("not a compiled corpus", path=shown, mend=_MEND)
    if version < FORMAT:
        return None
    raise CorpusError(
        f"the corpus has layout {version}, and this package knows up to {FORMAT}",
        path=shown,
        mend="pip install -U pytest-llem-invariants",
    )


def read_limited(path: str) -> bytes:
    """What a compiled corpus that somebody brings holds."""
    return read_bytes(path, LARGEST, "this is no corpus")


def packaged_root() -> str:
    """The folder of the corpora that come with this package: inside it, or the checkout that it is imported from."""
    for folder in (_SHIPPED, os.path.dirname(_PACKAGE)):
        if _is_root(folder):
            return folder
    raise EngineUnavailableError("the installed package has no corpora — reinstall it")


def data_root(root: Root | None = None) -> str:
    """The folder that holds `engine_versions/` and `corpora/`: the packaged one, unless another is named.

    Never one in which somebody merely stands: what lies there may be anybody's.
    """
    if root is None:
        return packaged_root()
    folder = os.fspath(root)
    if not _is_root(folder):
        raise EngineUnavailableError(
            f"{folder!r} is no folder of corpora — name one that holds engine_versions/ and corpora/"
        )
    return folder


def _is_root(folder: str) -> bool:
    return all(os.path.isdir(os.path.join(folder, name)) for name in ("engine_versions", "corpora"))


def origin_of(root: Root | None) -> str | None:
    """The folder as it was named, where it is not the packaged one."""
    if root is None or os.path.realpath(root) == os.path.realpath(packaged_root()):
        return None
    return os.fspath(root)


def engines(root: str) -> list[str]:
    """The engines that have a corpus."""
    folder = os.path.join(root, "corpora")
    return sorted(name for name in os.listdir(folder) if _has_corpus(os.path.join(folder, name)))


def versions(root: str, engine: str) -> list[str]:
    """The earlier versions of an engine whose corpora are kept, oldest first; a schema alone is no corpus."""
    folder = os.path.join(root, "corpora", engine, "history")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(
        (name for name in names if name[:1].isdigit() and _has_corpus(os.path.join(folder, name))), key=_numbers
    )


def _has_corpus(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, SOURCES[0]))


def _numbers(version: str) -> list[tuple[int, str]]:
    return [(int("".join(filter(str.isdigit, part)) or 0), part) for part in version.split(".")]


def folders(root: str, engine: str) -> list[str]:
    """The folders of an engine's corpora: the newest, then the history, oldest first."""
    folder = os.path.join(root, "corpora", engine)
    return [folder, *(os.path.join(folder, "history", version) for version in versions(root, engine))]


def ssot_path(root: str, engine: str) -> str:
    return os.path.join(root, "engine_versions", f"{engine}.yaml")


def known_engine(root: str, engine: str) -> str:
    """An engine that has a corpus; EngineUnavailableError names the nearest where it has none."""
    known = engines(root)
    if engine not in known:
        raise EngineUnavailableError(f"unknown engine {engine!r}{_mend(engine, known)}")
    return engine


def load(engine: str, version: str | None = None, root: Root | None = None) -> Compiled:
    """The compiled corpus of an engine: the newest, or that of a version in its history."""
    folder = data_root(root)
    newest, ssot = os.path.join(folder, "corpora", known_engine(folder, engine)), ssot_path(folder, engine)
    if version is None:
        return _load(newest, ssot)
    if version in versions(folder, engine):
        return _load(os.path.join(newest, "history", version), ssot)
    compiled = _load(newest, ssot)
    if compiled.head["engine_version"] != version:
        kept = [*versions(folder, engine), compiled.head["engine_version"]]
        raise EngineUnavailableError(f"{engine}: no corpus of version {version!r}{_mend(version, kept)}")
    return compiled


def _mend(name: str, known: Sequence[str]) -> str:
    from pytest_llem_invariants.text.likeness import nearest

    close = nearest(name, known)
    guess = f"did you mean {close!r}? " if close else ""
    return f" — {guess}known are {', '.join(dict.fromkeys(known)) or 'none'}"


def shipped(folder: str, ssot: str) -> Compiled | None:
    """What the wheel brings ready made; None in a checkout, and where it is damaged."""
    if not folder.startswith(_SHIPPED + os.sep):
        return None
    path = os.path.join(folder, COMPILED)
    try:
        with open(path, "rb") as file:
            return parse(file.read(), path, lambda: _made(folder, ssot))
    except (OSError, CorpusError):
        return None


def _load(folder: str, ssot: str) -> Compiled:
    return shipped(folder, ssot) or _made(folder, ssot)


def _made(folder: str, ssot: str) -> Compiled:
    from pytest_llem_invariants.checker.cache import compiled

    return compiled(folder, ssot)
