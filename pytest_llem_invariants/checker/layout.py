"""The compiled form of a corpus: one line of head, then the classes, each part with its digest and read when asked for.

Strings and `os` only: this stands before every check.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from zlib import crc32

from pytest_llem_invariants.checker import shapes
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Root = str | os.PathLike[str]
    ReadAt = Callable[[int, int | None], bytes]
    """What stands in a file from a place on, in so many bytes or to its end; nothing where it cannot be read."""
    Found = Callable[[str, Callable[[], Sequence[int]], Callable[[Any], bool] | None], Any]

FORMAT = 8
COMPILED = "compiled.json"
SOURCES = (
    "invariants.proposed.yaml",
    "invariants.validated.yaml",
    "schema.discovered.json",
    "models.discovered.json",
    "command.discovered.json",
    "layers.discovered.json",
)
PROPOSED, VALIDATED, SCHEMA, MODELS, COMMANDS, LAYERS = SOURCES
HEAD = f'{{"format":{FORMAT},"digest":"'
THEN = '","head":'
BODY = ',"body":['
"""What surrounds the head and its digest in the first line; the classes stand in the lines below."""
NEWEST = "newest"
"""Of a release, in the table of models of a package: none that is newer is one that the engine allows."""
LARGEST = 256 * 1024 * 1024
FIRST = 64 * 1024
"""So much of a file has its first line, mostly."""
_FIX = "llem-invariants compile"


def digest(text: bytes) -> str:
    """A checksum that tells damage: every flipped byte, and all but one in four billion of other accidents."""
    return f"{crc32(text):08x}"


class Compiled:
    """A compiled corpus: its head, and for each class its tests and its rules, read only when they are asked for.

    Every part has its digest. Where one is damaged, the corpus is made `again`, if that is known how.
    """

    __slots__ = ("_again", "_body", "_models", "_read_at", "head", "path")

    def __init__(
        self, head: dict[str, Any], read_at: ReadAt, body: int, path: str, again: Callable[[], Compiled] | None = None
    ) -> None:
        self.head = head
        self.path = path
        self._read_at = read_at
        self._body = body
        self._again = again
        self._models: Models | None = None

    @property
    def text(self) -> bytes:
        """The whole of it."""
        return self._read_at(0, None)

    def tests(self, name: str) -> dict[str, Any]:
        """What a check of the class asks."""
        tests: dict[str, Any] = self._found(
            f"the compiled rules of {name}", lambda: self.head["classes"].get(name, ())[:3], shapes.is_class
        )
        return tests

    def rules(self, name: str, marks: Sequence[int]) -> Rules:
        """What is told of the rules of the class; `marks` are the length and the digest of each."""
        return Rules(self._found, self.head["classes"][name][3:], marks, name, self.path)

    def models(self) -> Models:
        """Type of a model → what the library takes from its files; nothing where no table came with the corpus."""
        if self._models is None:  # several ask for it, and it is long
            told, has_any = "the models", "models" in self.head
            text = self._found(told, lambda: self.head.get("models", ()), None) if has_any else "{}"
            self._models = Models(text, self.path)
        return self._models

    def commands(self) -> dict[str, dict[str, Any]]:
        """Command → its parser; nothing where none was discovered."""
        if "commands" not in self.head:
            return {}
        commands: dict[str, dict[str, Any]] = self._found(
            "the parsers", lambda: self.head.get("commands", ()), shapes.is_commands
        )
        return commands

    def _found(self, told: str, place: Callable[[], Sequence[int]], is_right: Callable[[Any], bool] | None) -> Any:
        """The data of a part if it is right; its text, undamaged, where nobody can tell before it is taken apart."""
        found = self._read(place(), is_right)
        if found is None and self._again is not None:
            fresh = self._again()
            self.head, self._read_at, self._body, self._again = fresh.head, fresh._read_at, fresh._body, None
            found = self._read(place(), is_right)
        if found is None:
            raise damaged(told, self.path)
        return found

    def _read(self, place: Sequence[int], is_right: Callable[[Any], bool] | None) -> Any:
        at, length, checksum = place or (0, 0, 0)
        text = self._read_at(self._body + at, length) if length else b""
        if not text or crc32(text) != checksum:
            return None
        if is_right is None:
            return _ascii(text)
        data = _parsed(_ascii(text))
        return data if is_right(data) else None


class Rules:
    """What is told of the rules of a class, each read when it is asked for: a config triggers few of them."""

    __slots__ = ("_found", "_known", "_marks", "_name", "_path", "_whole")

    def __init__(self, found: Found, whole: Sequence[int], marks: Sequence[int], name: str, path: str) -> None:
        self._found = found
        self._whole = whole
        self._marks = marks
        self._name = name
        self._path = path
        self._known: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._marks) // 2

    def __iter__(self) -> Iterator[dict[str, Any]]:
        text = self._found(self._told, lambda: self._whole, None)
        at = 1
        for number, length in enumerate(self._marks[::2]):
            if number not in self._known:
                self._keep(number, text[at : at + length])
            at += length + 1
            yield self._known[number]

    def __getitem__(self, number: int) -> dict[str, Any]:
        if number not in self._known:
            self._keep(number, self._found(self._told, lambda: self._place(number), None))
        return self._known[number]

    @property
    def _told(self) -> str:
        return f"the compiled rules of {self._name}"

    def _place(self, number: int) -> Sequence[int]:
        """Where the text of a rule stands in the list of all, of which a comma parts two."""
        lengths, digests = self._marks[::2], self._marks[1::2]
        if number >= len(digests):
            return ()
        return self._whole[0] + 1 + sum(lengths[:number]) + number, lengths[number], digests[number]

    def _keep(self, number: int, text: str) -> None:
        told = _parsed(text)
        rule: Any = _parsed(told) if type(told) is str else None
        if not shapes.is_rule(rule):
            raise damaged(self._told, self._path)
        rule["type"] = self._name
        self._known[number] = rule


class Models(Mapping[str, "Mapping[str, Any]"]):
    """What a version's table has of each name of a model, read when it is asked for: a model has few of the names."""

    __slots__ = ("_known", "_path", "_text")

    def __init__(self, text: str, path: str) -> None:
        """From a mapping with a line for each name."""
        self._text = f"\n{text[1:-1]},\n"
        self._path = path
        self._known: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        found = self._known.get(name)
        if found is None:
            begins = f"\n{_written(name)}:"
            at = self._text.find(begins)
            if at < 0:
                raise KeyError(name)
            found = _parsed(self._text[at + len(begins) : self._text.index(",\n", at)])
            if not shapes.is_model(found):
                raise damaged("the models", self._path)
            self._known[name] = found
        return found

    def __contains__(self, name: object) -> bool:
        return type(name) is str and f"\n{_written(name)}:" in self._text

    def has_any(self, begins: str) -> bool:
        """Whether a name in it begins like this."""
        return f"\n{_written(begins)[:-1]}" in self._text

    def __iter__(self) -> Iterator[str]:
        import json

        decoder = json.JSONDecoder()
        return (decoder.raw_decode(line)[0] for line in self._lines())

    def __len__(self) -> int:
        return len(self._lines())

    def _lines(self) -> list[str]:
        return list(filter(None, self._text[1:].split(",\n")))


def _written(name: str) -> str:
    import json

    return json.dumps(name)


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


def parse(
    text: bytes, path: Root, again: Callable[[], Compiled] | None = None, read_at: ReadAt | None = None
) -> Compiled | None:
    """A compiled corpus; None where an earlier layout wrote it. With `read_at`, the text is its first line or more."""
    shown = os.fspath(path)
    if text.startswith(HEAD.encode()):
        start, end = len(HEAD) + 8 + len(THEN), text.find(b"\n")
        line = text[start : end - len(BODY)]
        if text[len(HEAD) : start] == (digest(line) + THEN).encode():
            head = _parsed(_ascii(line))
            if shapes.is_head(head):
                return Compiled(head, read_at or _within(text), end + 1, shown, again)
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


def _within(text: bytes) -> ReadAt:
    return lambda at, length: text[at:] if length is None else text[at : at + length]


def parse_file(path: str, read_at: ReadAt, again: Callable[[], Compiled]) -> Compiled | None:
    """The same of a file that is read where something is asked for: a check needs little of it."""
    text = read_at(0, FIRST)
    return parse(text if b"\n" in text else read_at(0, None), path, again, read_at)


def read_limited(path: str) -> bytes:
    """What a compiled corpus that somebody brings holds."""
    return read_bytes(path, LARGEST, "check that it is a corpus")
