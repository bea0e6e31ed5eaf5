"""Changes of a text by exact spans: an option or a key goes, or gets another name, and all else keeps its bytes.

Where a word is not written in the very letters that were read, or something else may be meant, nothing is changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any, Final, final

import yaml

from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import Beside, Word
from pytest_llem_invariants.readers.launches import of_command
from pytest_llem_invariants.readers.shell import commands
from pytest_llem_invariants.readers.shell_words import tokens
from pytest_llem_invariants.readers.source import Place, whole
from pytest_llem_invariants.readers.yaml_tree import Tree, filled
from pytest_llem_invariants.text.yaml_parser import CParser

_ENDS: Final = re.compile(r"[\s;&|),\]\"'`]|\\\r?\n|\Z")
"""What may stand behind a word."""
_ITEM: Final = re.compile(r"[ \t]*-[ \t]+")
_NEXT_ITEM: Final = re.compile(r"(?:[ \t]+#[^\n]*|[ \t]*\r?)\n[ \t]*-[ \t]+")
_NEXT_IN_FLOW: Final = re.compile(r"\s*,\s*")
_NEXT_WORD: Final = re.compile(r"(?:\s|\\\r?\n)+")
_REST: Final = re.compile(r"[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?")
_GOES_ON: Final = re.compile(r"[ \t]*\\\r?")
_WENT_ON: Final = re.compile(r"[ \t]*\\\r?\n[ \t]*\Z")
_MOST_PARTS: Final = 2_000_000
_TRUTHS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "0", "1"})


class UnsureError(Exception):
    """Why a text is left as it is."""


@final
@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, and what takes its place."""

    start: int
    end: int
    text: str = ""

    def applied(self, text: str) -> str:
        return text[: self.start] + self.text + text[self.end :]


@final
@dataclass(frozen=True, slots=True)
class Change:
    """A span, and what becomes of words of a command line: left out, or begun with another name."""

    span: Span
    gone: tuple[Word, ...] = ()
    renamed: Word | None = None

    @property
    def is_in_variable(self) -> bool:
        """Whether it changes what a variable holds."""
        return any(word.held for word in (*self.gone, self.renamed) if word is not None)

    def words(self, before: Sequence[Word]) -> list[tuple[str, bool, bool, bool]]:
        """What is read of the words of a command line then."""
        gone = {(word.place, str(word)) for word in self.gone}
        kept = [word for word in before if (word.place, str(word)) not in gone]
        return [(self._now(word), word.known, word.given, word.several) for word in kept]

    def _now(self, word: Word) -> str:
        if self.renamed is None or (word.place, str(word)) != (self.renamed.place, str(self.renamed)):
            return str(word)
        return self.span.text + word[self.span.end - self.span.start :]


def without_option(text: str, words: Sequence[Word], option: str, takes: bool | None) -> Change:
    """A command line without an option and its value."""
    number, word = _only(words, option)
    gone = [word]
    following = words[number + 1] if number + 1 < len(words) else None
    if "=" not in word and takes:
        if following is None or following.startswith("--") or not _is_told(following):
            raise UnsureError("its value is not told")
        if number + 2 < len(words) and not words[number + 2].startswith("-"):
            raise UnsureError("more than one value may be its own")
        gone.append(following)
    elif "=" not in word and (takes is None or (following is not None and following.lower() in _TRUTHS)):
        raise UnsureError("what follows may be its value")
    return Change(_without(text, [_written(text, one) for one in gone]), tuple(gone))


def renamed_option(text: str, words: Sequence[Word], option: str, new: str) -> Change:
    """A command line with another name for an option, whose value stays."""
    number, word = _only(words, option)
    following = words[number + 1] if number + 1 < len(words) else None
    if "." in new and "." not in option and "=" not in word and (following is None or following.startswith("--")):
        raise UnsureError("it has no value, and the new name needs one")
    head = new.partition(".")[0]
    given = {one.partition("=")[0].replace("_", "-") for one in words if one is not word}
    if not given.isdisjoint({new.replace("_", "-"), head.replace("_", "-")}):
        raise UnsureError(f"{head} is given, too")
    start, _ = _written(text, word)
    start += text[start] in "'\""
    return Change(Span(start, start + len(option), new), renamed=word)


def _only(words: Sequence[Word], option: str) -> tuple[int, Word]:
    numbers = [number for number, word in enumerate(words) if word.partition("=")[0] == option]
    if len(numbers) != 1:
        raise UnsureError("it is given more than once" if numbers else "it is not written as a word of its own")
    if not _is_told(words[numbers[0]]):
        raise UnsureError("a variable, a template or a condition decides it")
    return numbers[0], words[numbers[0]]


def _is_told(word: Word) -> bool:
    return word.known and word.given and not word.several


def _offset(text: str, place: Place) -> int:
    at = 0
    for _ in range(place[0] - 1):
        at = text.find("\n", at) + 1
        if not at:
            raise UnsureError("its place is not known")
    return at + place[1] - 1


def _written(text: str, word: Word) -> tuple[int, int]:
    """Where a word of a command line begins and ends, its quotes included."""
    start, end = _in_letters(text, word, word.place)
    if not _ENDS.match(text, end):
        raise UnsureError("it is a part of a longer word")
    return start, end


def _in_letters(text: str, word: str, place: Place) -> tuple[int, int]:
    at = _offset(text, place)
    quote = text[at : at + 1] if text[at : at + 1] in ("'", '"') else ""
    end = at + len(quote) + len(word)
    if not text.startswith(word, at + len(quote)) or not text.startswith(quote, end):
        raise UnsureError("it is not written in the letters that are read")
    return at, end + len(quote)


# What goes, with its line, comma or blanks ---------------------------------------------------------------------------


def _without(text: str, parts: Sequence[tuple[int, int]]) -> Span:
    """Words that follow each other, as they stand: items of a list, in lines or in brackets, or words of a script."""
    start, end = parts[0][0], parts[-1][1]
    between = [text[one[1] : other[0]] for one, other in pairwise(parts)]
    line, stop = _line(text, start), _end_of_line(text, end)
    before, after = text[line:start], text[end:stop]
    if _ITEM.fullmatch(before):
        if not all(map(_NEXT_ITEM.fullmatch, between)) or not _REST.fullmatch(after):
            raise UnsureError("its lines hold something else")
        return _lines(text, line, stop)
    if _before(text, start) in ("[", ",") and _after(text, end) in (",", "]"):
        if not all(map(_NEXT_IN_FLOW.fullmatch, between)):
            raise UnsureError("something stands between it and its value")
        return _in_flow(text, start, end)
    if not all(map(_NEXT_WORD.fullmatch, between)):
        raise UnsureError("something stands between it and its value")
    return _in_script(text, start, end)


def _in_script(text: str, start: int, end: int) -> Span:
    line, stop = _line(text, start), _end_of_line(text, end)
    before, after = text[line:start], text[end:stop]
    if not before.strip():
        if _GOES_ON.fullmatch(after):
            return _lines(text, line, stop)
        if not after.strip():  # the last line of the command
            went_on = _WENT_ON.search(text, max(0, line - 200), start)
            return _lines(text, line, stop) if went_on is None else Span(went_on.start(), end)
    blanks = len(before) - len(before.rstrip(" \t"))
    if before.strip() and blanks:
        return Span(start - blanks, end)
    return Span(start, end + len(after) - len(after.lstrip(" \t")))


def _in_flow(text: str, start: int, end: int) -> Span:
    """One part between brackets, with the comma behind it, or the one before it."""
    line = _line(text, start)
    if _after(text, end) == ",":
        comma = text.index(",", end) + 1
        stop = _end_of_line(text, comma)
        rest = text[comma:stop]
        if not text[line:start].strip() and not rest.strip():
            return _lines(text, line, stop)
        return Span(start, comma + len(rest) - len(rest.lstrip(" \t")))
    if _before(text, start) == ",":
        return Span(text.rindex(",", 0, start), end)
    return Span(start, end)


def _lines(text: str, start: int, stop: int) -> Span:
    """Whole lines; of the last one without an end, the end of the line before."""
    if stop < len(text):
        return Span(start, stop + 1)
    return Span(max(start - (2 if text[start - 2 : start] == "\r\n" else 1), 0), stop)


def _line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _end_of_line(text: str, at: int) -> int:
    """Where the line ends, before what ends it."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _before(text: str, at: int) -> str:
    while at and text[at - 1].isspace():
        at -= 1
    return text[at - 1 : at] if at else ""


def _after(text: str, at: int) -> str:
    while at < len(text) and text[at].isspace():
        at += 1
    return text[at : at + 1]


# Keys -----------------------------------------------------------------------------------------------------------------


def without_key(text: str, key: str, place: Place, *, is_json: bool) -> Change:
    """A mapping without a key and its value."""
    start, end = _in_letters(text, key, place)
    if is_json:
        return Change(_in_flow(text, start, _end_of_json(text, end)))
    mapping, value = _pair(text, start)
    if mapping.flow_style:
        return Change(_in_flow(text, start, value.end_mark.index))
    line, stop = _line(text, start), _end_of_line(text, start)
    if len(mapping.value) == 1:
        raise UnsureError("nothing would be left of its mapping")
    is_block = isinstance(value, yaml.ScalarNode) and value.style in ("|", ">")
    if is_block or value.end_mark.index > stop or text[line:start].strip():
        raise UnsureError("it has not a line of its own")
    if not _REST.fullmatch(text[value.end_mark.index : stop]):
        raise UnsureError("its line holds something else")
    return Change(_lines(text, line, stop))


def renamed_key(text: str, key: str, place: Place, new: str) -> Change:
    """A mapping with another name for a key, in the spelling of the old one."""
    start, _ = _in_letters(text, key, place)
    start += text[start] in "'\""
    return Change(Span(start, start + len(key), new))


def spelled_like(new: str, old: str) -> str:
    """A name with dashes or underscores, as another one has them."""
    new = new.removeprefix("--") if not old.startswith("--") else new
    if "." in old and not new.startswith("--"):
        new = f"{old.rpartition('.')[0]}.{new}"
    if "-" in old.lstrip("-") or "_" not in old:
        return new
    head, dot, rest = new.partition(".")
    return head.replace("-", "_") + dot + rest


def _end_of_json(text: str, at: int) -> int:
    colon = text.index(":", at) + 1
    while text[colon : colon + 1].isspace():
        colon += 1
    try:
        return json.JSONDecoder().raw_decode(text, colon)[1]
    except ValueError as error:
        raise UnsureError("its value cannot be read") from error


def _pair(text: str, at: int) -> tuple[yaml.MappingNode, yaml.Node]:
    """The mapping in which a key begins at a place, and the key's value."""
    for node in _nodes(text):
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.start_mark.index == at:
                    return node, value
    raise UnsureError("its place is not known")


def _nodes(text: str) -> Iterator[yaml.Node]:
    """Every mapping, list and scalar, each once."""
    waiting = list(reversed(Tree(whole(text)).roots))
    met: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in met:
            continue
        met.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            waiting.extend(part for pair in reversed(node.value) for part in reversed(pair))
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(reversed(node.value))


# What a text is made of -----------------------------------------------------------------------------------------------


def outline(kind: str, text: str) -> list[tuple[str, str]] | None:
    """The parts of a file of a kind one after the other; None of a kind that is not taken apart.

    UnsureError where it is broken.
    """
    if kind == "shell":
        return [(token.kind, text[token.offset : token.end]) for token in tokens(text)]
    if kind != "yaml":
        return None
    try:
        return list(_events(text))
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        if "{{" not in text and "{%" not in text:
            raise UnsureError("the file has an error in its YAML") from error
    try:
        return list(_events(filled(text)))
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise UnsureError("the template cannot be read as YAML") from error


def is_for_engines(before: str, after: str, known: Sequence[Engine]) -> bool:
    """Whether, of all that a script runs, only commands of engines get other words."""
    pairs = zip_longest(*(list(commands(whole(text))) for text in (before, after)))
    return all(
        one is not None and other is not None and (one.words == other.words or any(of_command(one, known, Beside())))
        for one, other in pairs
    )


def _events(text: str) -> Iterator[tuple[str, str]]:
    """What YAML is made of; an alias is what it stands for, so that whatever changes there changes twice."""
    named: dict[str, list[tuple[str, str]]] = {}
    open_ones: list[list[tuple[str, str]]] = []
    number = 0
    parser = CParser(text)
    while parser.check_event():
        event = parser.get_event()
        kind = type(event).__name__
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            parts = named.get(anchor or "", [])
        else:
            parts = [(kind, f"{getattr(event, 'tag', '')} {getattr(event, 'value', '')}")]
            held: list[tuple[str, str]] = []
            if anchor is not None:
                named[anchor] = held
            if isinstance(event, yaml.CollectionStartEvent):
                open_ones.append(held)
            else:
                held.extend(parts)
        for one in open_ones:
            one.extend(parts)
        if isinstance(event, yaml.CollectionEndEvent):
            open_ones.pop()
        number += len(parts) * (1 + len(open_ones))
        if number > _MOST_PARTS:
            raise UnsureError("the file is too large to be compared")
        yield from parts


def differs_once(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Whether a few neighbours are gone, or one has another text, and all else is the same."""
    start = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    left, right = list(before[start:]), list(after[start:])
    while left and right and left[-1] == right[-1]:
        left.pop()
        right.pop()
    is_other_text = len(left) == len(right) == 1 and left[0][0] == right[0][0]
    return is_other_text or (not right and all(kind not in _FRAMES for kind, _ in left))


_FRAMES: Final = frozenset({"operator", "document", "DocumentStartEvent", "DocumentEndEvent"})
