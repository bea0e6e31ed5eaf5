"""Edits of a text that a finding suggests: candidates, each for whoever has them to try.

What is derived here from words may be wrong; nobody offers it before the checker has seen its result.
"""

from __future__ import annotations

import json
import re
import shlex
from itertools import chain, islice

from pytest_llem_invariants.readers.shell_words import tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Violation

    Span = tuple[int, int]

_MEANT = re.compile(r"did you mean '?([\w.-]+)'?\?")
_VALUE = re.compile(
    r"\b(?:to|from|least|most|than|as)\s+('[^']*'|-?\d+(?:\.\d+)?(?:e-?\d+)?|True|False|None)(?=$|[\s,;)])"
)
_MORE = re.compile(r"(?<=, )('[^']*'|-?\d+(?:\.\d+)?)(?=$|[\s,;)])")
_DIVIDED = re.compile(r"\bto a divisor of [\w.]+ \((\d{1,6})\)")
_MOST_VALUES = 3
_WORDS = {"True": True, "False": False, "None": None}


class Edit:
    """One edit: what it is, and the whole text behind it."""

    __slots__ = ("text", "title")

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text

    def as_dict(self) -> dict[str, Any]:
        return {"title": self.title, "text": self.text}


class Written:
    """Where a setting stands in a text: its name, its value if it has one, and all that goes if it goes."""

    __slots__ = ("name", "spell", "value", "whole")

    def __init__(self, name: Span, value: Span | None, whole: Span, spell: Callable[[Any], str]) -> None:
        self.name = name
        self.value = value
        self.whole = whole
        self.spell = spell


def candidates(
    text: str, file: str, violation: Violation, place_of: Callable[..., tuple[int, int]] | None
) -> Iterator[Edit]:
    """What may free a text of a violation, the smallest changes first."""
    if place_of is None:
        return
    names = list(dict.fromkeys((*map(str, violation.path[-1:]), *violation.written.values())))
    known = []
    for name in names:
        path = (*violation.path[:-1], name)
        found = written(text, file, _offset(text, *place_of(path)), name.rpartition(".")[2])
        if found is not None:
            known.append((name, found))
    meant = _MEANT.search(violation.suggestion)
    for name, at in known[:1]:
        if meant is not None:
            spelled = _as_written(text[slice(*at.name)], meant[1])
            yield Edit(f"rename {name} to {spelled}", _replaced(text, at.name, spelled))
    for name, at in known:
        old = "" if at.value is None else text[slice(*at.value)]
        for value in (*_values(violation.suggestion), *_divisor(violation.suggestion, old)):
            if at.value is not None:
                yield Edit(f"set {name} to {at.spell(value)}", _replaced(text, at.value, at.spell(value)))
    for name, at in known:
        yield Edit(f"leave {name} out", _replaced(text, at.whole, ""))


def _values(suggestion: str) -> list[Any]:
    """The values that a suggestion names, and what it says of turning on and off."""
    spelled = [*_VALUE.findall(suggestion), *_MORE.findall(suggestion)]
    found: list[Any] = [
        _WORDS[one] if one in _WORDS else one[1:-1] if one[0] == "'" else json.loads(one)
        for one in dict.fromkeys(spelled)
    ]
    if re.search(r"\bturn \S+ on\b", suggestion):
        found.append(True)
    if re.search(r"\bturn \S+ off\b", suggestion):
        found.append(False)
    return found[:_MOST_VALUES]


def _divisor(suggestion: str, old: str) -> list[int]:
    """The nearest smaller divisor, where one is asked for."""
    asked = _DIVIDED.search(suggestion)
    if asked is None or not old.isascii() or not old.isdigit() or len(old) > len(asked[1]):
        return []
    return [one for one in range(min(int(old), int(asked[1])), 0, -1) if int(asked[1]) % one == 0][:1]


def _as_written(old: str, new: str) -> str:
    """A name in the manner of the one that it replaces."""
    bare = new.lstrip("-")
    if old.startswith("-"):
        return "--" + bare.replace("_", "-")
    return bare.replace("-", "_") if "-" not in old else bare.replace("_", "-")


def _replaced(text: str, span: Span, by: str) -> str:
    return text[: span[0]] + by + text[span[1] :]


def _offset(text: str, line: int, column: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at + column - 1


# Where it stands


def written(text: str, file: str, at: int, name: str) -> Written | None:
    """What stands at a place of a text, if that is the setting of this name."""
    begin = at + (text[at : at + 1] in ("'", '"'))
    if text.startswith("-", begin):
        return _option(text, begin)
    if not text.startswith(name, begin):
        return None
    end = begin + len(name)
    if file.endswith(".json"):
        return _member(text, at, (begin, end))
    return _key(text, (begin, end))


def _option(text: str, at: int) -> Written | None:
    """An option of a command line, with its value: behind `=`, the next word, or the next item of a YAML list."""
    line_end = text.find("\n", at) % (len(text) + 1)
    item = re.compile(r"[^\n]*\n[ \t]*-[ \t]+").match(text, text.rfind("\n", 0, at) + 1)
    if re.match(r"[ \t]*- ", text[text.rfind("\n", 0, at) + 1 : at]):
        return _item(text, at, line_end, item)
    first, second = islice(chain(tokens(text[at:]), (None, None)), 2)
    if first is None or first.kind != "word" or first.offset:
        return None
    head, equals, _ = text[at : at + first.end].partition("=")
    name = (at, at + len(head))
    if equals:
        return Written(name, (name[1] + 1, at + first.end), _with_blank(text, at, at + first.end), _as_word)
    if second is not None and second.kind == "word" and not second.text.startswith("--"):
        value = (at + second.offset, at + second.end)
        return Written(name, value, _with_blank(text, at, value[1]), _as_word)
    return Written(name, None, _with_blank(text, at, at + first.end), _as_word)


def _item(text: str, at: int, end: int, following: re.Match[str] | None) -> Written:
    """An option that is an item of a YAML list by itself."""
    start = text.rfind("\n", 0, at) + 1
    word = text[at:end].rstrip().rstrip("'\"")
    head, equals, value = word.partition("=")
    name = (at, at + len(head))
    if equals:
        return Written(name, (name[1] + 1, name[1] + 1 + len(value)), (start, min(end + 1, len(text))), _as_word)
    if following is not None and not text.startswith(("-", '"-', "'-"), following.end()):
        stop = text.find("\n", following.end()) % (len(text) + 1)
        return Written(
            name, (following.end(), stop), (start, min(stop + 1, len(text))), lambda one: json.dumps(str(one))
        )
    return Written(name, None, (start, min(end + 1, len(text))), _as_word)


def _as_word(value: Any) -> str:
    return shlex.quote(value if isinstance(value, str) else json.dumps(value))


def _with_blank(text: str, start: int, end: int) -> Span:
    """With the blanks before it; a line that would hold nothing but its continuation goes whole."""
    line = text.rfind("\n", 0, start) + 1
    behind = re.compile(r"[ \t]*\\?[ \t]*(?:\n|\Z)").match(text, end)
    if not text[line:start].strip() and behind is not None and line:
        return (line, behind.end()) if "\\" in behind[0] else (_continued(text, line), end)
    while start > line and text[start - 1] in " \t":
        start -= 1
    return start, end


def _continued(text: str, line: int) -> int:
    """Where the line before ends: what continued it has nothing to continue any more."""
    before = re.compile(r"[ \t]*\\\r?\n\Z").search(text, 0, line)
    return line if before is None else before.start()


def _member(text: str, at: int, name: Span) -> Written | None:
    """A member of a JSON object."""
    colon = re.compile(r'"\s*:\s*').match(text, name[1])
    if colon is None:
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(text, colon.end())
    except ValueError:
        return None
    behind = re.compile(r"\s*,\s*").match(text, end)
    if behind is not None:
        return Written(name, (colon.end(), end), (at, behind.end()), json.dumps)
    before = re.compile(r"\s*,?\s*\Z").search(text, 0, at)
    return Written(name, (colon.end(), end), (at if before is None else before.start(), end), json.dumps)


_PLAIN = re.compile(r"[ \t]*:[ \t]*(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^#\n]*?)[ \t]*(?:#[^\n]*)?(?:\n|\Z)")


def _key(text: str, name: Span) -> Written | None:
    """A key of a YAML mapping, with what is nested below it."""
    start = text.rfind("\n", 0, name[0]) + 1
    found = _PLAIN.match(text, name[1] + (text[name[1] : name[1] + 1] in ("'", '"')))
    if found is None or text[start : name[0]].strip(" -'\""):
        return None
    end = found.end()
    indent = name[0] - start
    while end < len(text):
        stop = text.find("\n", end) + 1 or len(text)
        line = text[end:stop]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        end = stop
    value = found.span("value") if found["value"] else None
    return Written(name, value, (start, end), json.dumps)
