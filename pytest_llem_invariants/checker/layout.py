"""The compiled form of a corpus: one line of head, then the classes, each part with its digest and read when asked for.

Strings and `os` only: this stands before every check.
"""

from __future__ import annotations

import os
from zlib import crc32

from pytest_llem_invariants.checker import shapes
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Root = str | os.PathLike[str]

FORMAT = 6
COMPILED = "compiled.json"
SOURCES = (
    "invariants.proposed.yaml",
    "invariants.validated.yaml",
    "schema.discovered.json",
    "models.discovered.json",
    "command.discovered.json",
)
PROPOSED, VALIDATED, SCHEMA, MODELS, COMMANDS = SOURCES
HEAD = f'{{"format":{FORMAT},"digest":"'
THEN = '","head":'
BODY = ',"body":['
"""What surrounds the head and its digest in the first line; the classes stand in the lines below."""
LARGEST = 256 * 1024 * 1024
_FIX = "llem-invariants compile"


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

    @property
    def text(self) -> bytes:
        """The whole of it, as it was read."""
        return self._text

    def tests(self, name: str) -> dict[str, Any]:
        """What a check of the class asks."""
        tests: dict[str, Any] = self._part(name, 0, shapes.is_class)
        return tests

    def rules(self, name: str) -> Rules:
        """What is told of the rules of the class."""
        return Rules(self._part(name, 3, shapes.is_texts), name, self.path)

    def models(self) -> dict[str, dict[str, Any]]:
        """Type of a model → what the library takes from its files; nothing where no table came with the corpus."""
        if "models" not in self.head:
            return {}
        models: dict[str, dict[str, Any]] = self._found(
            "the models", lambda: self.head.get("models", ()), shapes.is_models
        )
        return models

    def commands(self) -> dict[str, dict[str, Any]]:
        """Command → its parser; nothing where none was discovered."""
        if "commands" not in self.head:
            return {}
        commands: dict[str, dict[str, Any]] = self._found(
            "the parsers", lambda: self.head.get("commands", ()), shapes.is_commands
        )
        return commands

    def _part(self, name: str, first: int, is_right: Callable[[Any], bool]) -> Any:
        return self._found(
            f"the compiled rules of {name}", lambda: self.head["classes"].get(name, ())[first : first + 3], is_right
        )

    def _found(self, told: str, place: Callable[[], Sequence[int]], is_right: Callable[[Any], bool]) -> Any:
        found = self._read(place(), is_right)
        if found is None and self._again is not None:
            fresh = self._again()
            self.head, self._text, self._body, self._again = fresh.head, fresh._text, fresh._body, None
            found = self._read(place(), is_right)
        if found is None:
            raise damaged(told, self.path)
        return found

    def _bytes(self, at: int, length: int) -> bytes:
        return self._text[self._body + at : self._body + at + length]

    def _read(self, place: Sequence[int], is_right: Callable[[Any], bool]) -> Any:
        at, length, checksum = place or (0, 0, 0)
        text = self._bytes(at, length)
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
                raise damaged(f"the compiled rules of {self._name}", self._path)
            found["type"] = self._name
            self._known[number] = found
        return found


def damaged(what: str, path: str) -> CorpusError:
    return CorpusError(f"{what} are damaged", path=path, fix=_FIX)


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
        raise CorpusError("the compiled corpus is damaged", path=shown, fix=_FIX)
    version = (_parsed(_ascii(text)) or {}).get("format") if text.startswith(b"{") else None
    if type(version) is not int or version == FORMAT:
        raise CorpusError("not a compiled corpus", path=shown, fix=_FIX)
    if version < FORMAT:
        return None
    raise CorpusError(
        f"the compiled corpus has format {version}, but this package reads up to format {FORMAT}",
        path=shown,
        fix="pip install -U pytest-llem-invariants",
    )


def read_limited(path: str) -> bytes:
    """What a compiled corpus that somebody brings holds."""
    return read_bytes(path, LARGEST, "check that it is a corpus")
