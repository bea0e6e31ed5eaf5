"""The laws of an engine: `memory.discovered.json` beside its corpus, of which one type is needed at a time."""

from __future__ import annotations

import json
import os
import re

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.fit.models import spoken_by, strange_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

FILE = "memory.discovered.json"
_FIX = "run llem-mine memory"
_LINE = '  "'
_HEAD = 400
_ROUNDS = re.compile(r"\^\d+(?=[/\"])")
_PARTS = re.compile(r'"parts":(\{[^{}]*\})')


def laws_path(root: str, engine: str) -> str:
    return os.path.join(root, "corpora", engine, FILE)


def laws_of(
    path: str, config: Mapping[str, Any], *, rounded: bool = True
) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """What stands above all types, and the laws of the one that a config is of; None where there are none.

    A type of another name with the architecture of a known one has its laws. Each type stands on a line of its own, as
    do its further architectures and those of it with a part of another type: the others are not parsed. A length may be
    `rounded` up, which is the engine's own.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"the laws of memory cannot be read: {error}", path=path, fix=_FIX) from error
    if '"laws": "' in text[:_HEAD]:
        return _laws_of_another(path, text, config)
    begin = text.find('"model_types": {')
    end = text.find("\n }", begin)
    if begin < 0 or end < begin:
        raise CorpusError("not a file of laws of memory", path=path, fix=_FIX)
    line = _line_of(text, config, begin, end)
    if line is None:
        return None
    try:
        head = json.loads(text[:begin] + '"model_types": {}' + text[end + 3 :])
        line = line if rounded else _ROUNDS.sub("", line)
        entry = json.loads(line[line.index("{") :].rstrip().rstrip(","))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"the laws of memory cannot be read: {error}", path=path, fix=_FIX) from error
    if str(head.get("schema_version", "")).partition(".")[0] != "1" or not isinstance(entry.get("items"), list):
        raise CorpusError("not a file of laws of memory of format 1", path=path, fix=_FIX)
    entry["spoken"] = head.get("spoken", ())
    entry["name"] = line.partition('": {')[0].removeprefix(_LINE)
    if not line.startswith(_starts(config.get("model_type"))):  # another type has other defaults
        known = spoken_by(entry)
        entry["required"] = [
            name for name, value in entry.get("defaults", {}).items() if type(value) is int and name in known
        ]
        entry["derived"] = {}
    return head, entry


def _laws_of_another(
    path: str, text: str, config: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """The laws that an engine shares with another one: it has settings of its own, and says of which types it does."""
    try:
        head = json.loads(text)
        other = os.path.join(os.path.dirname(os.path.dirname(path)), head["laws"], FILE)
        confirmed = frozenset(head["confirmed"])
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise CorpusError(f"the laws of memory cannot be read: {error}", path=path, fix=_FIX) from error
    found = None if other == path else laws_of(other, config, rounded=False)
    if found is None:
        return None
    is_confirmed = found[1]["name"] == config.get("model_type") and found[1]["name"] in confirmed
    return head, {**found[1], "is_confirmed": is_confirmed}


def _line_of(text: str, config: Mapping[str, Any], begin: int, end: int) -> str | None:
    """The line of a type, or of another one with its architecture: one type may have architectures of several sizes."""
    kind, names = config.get("model_type"), config.get("architectures")
    first = names[0] if type(names) is list and names and type(names[0]) is str else None
    wanted = f'"architecture":"{first}"'
    own = [_whole(text, at) for start in _starts(kind) for at in _places(text, f"\n{start}", begin, end)]
    named = [line for line in own if first is None or wanted in line]
    if named:
        return next((line for line in named if _has_parts(line, config)), named[0])
    found = text.find(wanted, begin, end) if first is not None else -1
    return _whole(text, text.rfind(f"\n{_LINE}", begin, found)) if found >= 0 else None


def _starts(kind: object) -> tuple[str, ...]:
    """How the lines of a type begin: its own, and those of its further forms."""
    return (f'{_LINE}{kind}":', f"{_LINE}{kind} ") if type(kind) is str else ()


def _places(text: str, start: str, begin: int, end: int) -> Iterator[int]:
    at = text.find(start, begin, end)
    while at >= 0:
        yield at
        at = text.find(start, at + 1, end)


def _has_parts(line: str, config: Mapping[str, Any]) -> bool:
    """Whether the parts of a config are of the types of which these laws were seen to hold."""
    found = _PARTS.search(line)
    return found is None or not strange_parts(json.loads(found[1]), config)


def _whole(text: str, at: int) -> str:
    stop = text.find("\n", at + 1)
    return text[at + 1 : stop if stop >= 0 else None]
