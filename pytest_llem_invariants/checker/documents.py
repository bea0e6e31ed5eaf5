"""Read config files: within limits, without duplicate keys, and with the line and column of each key."""

from __future__ import annotations

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text import bounded
from pytest_llem_invariants.text.terminal import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Path = tuple[str | int, ...]

LARGEST = 2 * 1024 * 1024
_NO_CONFIG = "check that it is a config"


class Config:
    """A document that is a mapping, and the places of its keys."""

    __slots__ = ("_place", "data", "name")

    def __init__(self, name: str, data: dict[str, Any], place: Any) -> None:
        self.name = name
        self.data = data
        self._place = place

    def place_of(self, path: Path) -> tuple[int, int]:
        """Line and column of the key at a path, from 1."""
        line, column = self._place(path)
        return int(line), int(column)


def read(name: str) -> Config:
    """Read a file, or standard input for `-`. Raises CorpusError, in one line, if it is not a config."""
    return parse(text_of(name), name)


def parse(text: str, name: str) -> Config:
    """The config that a text is."""
    shown = "<stdin>" if name == "-" else name
    if name.endswith(".json") or (name == "-" and text.lstrip()[:1] == "{"):
        data, place = _json(text, shown)
    else:
        data, place = _yaml(text, shown)
    if data is None:
        raise CorpusError("the file is empty", path=shown, fix="write a mapping of fields to values")
    if not isinstance(data, dict):
        raise CorpusError(
            f"the file holds a {type(data).__name__}, not a mapping",
            path=shown,
            fix="write fields and values as `field: value`",
        )
    return Config(shown, {str(key): value for key, value in data.items()}, place)


def text_of(name: str) -> str:
    """The text of a file, or of standard input for `-`."""
    if name == "-":
        return bounded.decoded(bounded.read_stdin(LARGEST, _NO_CONFIG), "<stdin>")
    return bounded.read_text(name, LARGEST, _NO_CONFIG)


def _yaml(text: str, name: str) -> tuple[Any, Any]:
    from pytest_llem_invariants.checker import flat_yaml as flatyaml

    flat = flatyaml.read(text)
    if flat is not None:
        data, lines = flat
        return data, lambda path: (lines.get(path[0], 1) if path else 1, 1)
    from pytest_llem_invariants.text.yaml_reader import Limits, load_yaml

    document = load_yaml(text, name, Limits(size=LARGEST, depth=bounded.DEEPEST, nodes=50_000, aliased_nodes=50_000))
    if len(text) > 3_000 and bounded.has_long_number(document.data):
        raise _too_long(name)
    return document.data, document.place_of


def _too_long(name: str) -> CorpusError:
    return CorpusError("a number has too many digits", path=name, fix="write a shorter one, or quote it")


def _json(text: str, name: str) -> tuple[Any, Any]:
    import json

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise CorpusError(f"duplicate key {shortened(twice)!r}", path=name, fix="keep one of them")
        return data

    if not text.strip():
        return None, None
    try:
        data = json.loads(text, object_pairs_hook=refuse_duplicates)
    except json.JSONDecodeError as error:
        raise CorpusError(
            f"not JSON: {error.msg}", path=name, line=error.lineno, fix="fix the syntax on this line"
        ) from error
    except RecursionError as error:
        raise _too_deep(name) from error
    except ValueError as error:
        raise _too_long(name) from error
    if bounded.depth_of(data) > bounded.DEEPEST:
        raise _too_deep(name)

    return data, _JsonPlaces(text).place


def _too_deep(name: str) -> CorpusError:
    return CorpusError(f"the file nests deeper than {bounded.DEEPEST} levels", path=name, fix="flatten it")


class _JsonPlaces:
    """Where the keys of well-formed JSON stand; each mapping and list is gone through once, when it is first asked."""

    __slots__ = ("_ends", "_members", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: list[int] = []
        self._members: dict[int, dict[str | int, tuple[int, int]]] = {}

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of the key at a path; of the nearest mapping where it is not there."""
        from bisect import bisect_left

        if not self._ends:
            self._ends = [at for at, letter in enumerate(self._text) if letter == "\n"] or [len(self._text)]
        offset = self._offset(path)
        line = bisect_left(self._ends, offset)
        return line + 1, offset - (self._ends[line - 1] + 1 if line else 0) + 1

    def _offset(self, path: Path) -> int:
        at = self._skip(0)
        for number, step in enumerate(path, 1):
            if at not in self._members:
                self._members[at] = self._members_at(at)
            found = self._members[at].get(step)
            if found is None:
                break
            key, at = found
            if number == len(path):
                return key
        return at

    def _skip(self, at: int) -> int:
        text = self._text
        while at < len(text) and text[at] in " \t\r\n,:":
            at += 1
        return at

    def _members_at(self, at: int) -> dict[str | int, tuple[int, int]]:
        """Each key (or number) in what begins here, with where it stands and where its value does."""
        import json

        text, decode = self._text, json.JSONDecoder().raw_decode
        members: dict[str | int, tuple[int, int]] = {}
        if text[at] not in "{[":
            return members
        is_object = text[at] == "{"
        at = self._skip(at + 1)
        while text[at] not in "}]":
            start = at
            key: Any = len(members)
            if is_object:
                key, at = decode(text, at)
                at = self._skip(at)
            members[key] = start, at
            _, at = decode(text, at)
            at = self._skip(at)
        return members
