"""Config files as people have them: bounded, checked for duplicates, and able to say where a key stands."""

from __future__ import annotations

import os
import sys

from pytest_llem_invariants.errors import CorpusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Path = tuple[str | int, ...]

LARGEST = 2 * 1024 * 1024
_DEEPEST = 64


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
    """Read a file, or standard input for `-`; CorpusError in one line where it is no config."""
    text = _text(name)
    shown = "<stdin>" if name == "-" else name
    if name.endswith(".json") or (name == "-" and text.lstrip()[:1] == "{"):
        data, place = _json(text, shown)
    else:
        data, place = _yaml(text, shown)
    if data is None:
        raise CorpusError("the file is empty", path=shown, mend="write a mapping of fields to values")
    if not isinstance(data, dict):
        raise CorpusError(
            f"the file holds a {type(data).__name__}, not a mapping",
            path=shown,
            mend="write fields and values as `field: value`",
        )
    return Config(shown, {str(key): value for key, value in data.items()}, place)


def _text(name: str) -> str:
    shown = "<stdin>" if name == "-" else name
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(LARGEST + 1)
        else:
            if os.path.isdir(name):
                raise CorpusError("this is a folder", path=name, mend="name a file in it")
            with open(name, "rb") as file:
                raw = file.read(LARGEST + 1)
    except OSError as error:
        raise CorpusError(f"the file cannot be read: {error.strerror}", path=shown, mend="check the path") from error
    if len(raw) > LARGEST:
        raise CorpusError(f"the file is larger than {LARGEST:,} bytes", path=shown, mend="this is no config")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CorpusError("the file is not UTF-8", path=shown, line=line, mend="save it as UTF-8") from error


def _yaml(text: str, name: str) -> tuple[Any, Any]:
    from pytest_llem_invariants.cli import flatyaml

    flat = flatyaml.read(text)
    if flat is not None:
        data, lines = flat
        return data, lambda path: (lines.get(path[0], 1) if path else 1, 1)
    from pytest_llem_invariants.yamlio import Limits, load_yaml

    document = load_yaml(text, name, Limits(size=LARGEST, depth=_DEEPEST, nodes=50_000, aliased_nodes=50_000))
    return document.data, document.place_of


def _json(text: str, name: str) -> tuple[Any, Any]:
    import json

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise CorpusError(f"the key {twice!r} stands twice in one mapping", path=name, mend="keep one of them")
        return data

    if not text.strip():
        return None, None
    try:
        data = json.loads(text, object_pairs_hook=refuse_duplicates)
    except json.JSONDecodeError as error:
        raise CorpusError(f"not JSON: {error.msg}", path=name, line=error.lineno, mend="mend it there") from error
    except (RecursionError, ValueError) as error:
        raise CorpusError("not JSON that a config needs: nested too deep, or a number too long", path=name) from error

    def place(path: Path) -> tuple[int, int]:
        offset = _offset_of(text, path)
        return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1

    return data, place


def _offset_of(text: str, path: Path) -> int:
    """Where in well-formed JSON text the key at a path begins; of the nearest mapping where it is not there."""
    at = _skip(text, 0)
    for step in path:
        found = _member(text, at, step)
        if found is None:
            break
        key, value = found
        at = value
        if step == path[-1]:
            return key
    return at


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,:":
        at += 1
    return at


def _member(text: str, at: int, step: str | int) -> tuple[int, int] | None:
    import json

    decode = json.JSONDecoder().raw_decode
    if text[at] not in "{[":
        return None
    is_object = text[at] == "{"
    at = _skip(text, at + 1)
    index = 0
    while text[at] not in "}]":
        start = at
        key: Any = index
        if is_object:
            key, at = decode(text, at)
            at = _skip(text, at)
        if key == step:
            return start, at
        _, at = decode(text, at)
        at = _skip(text, at)
        index += 1
    return None
