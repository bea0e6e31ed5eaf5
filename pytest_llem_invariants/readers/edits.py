"""Changes of a text by exact spans: an option or a key goes, or gets another name, and all else keeps its bytes.

Where a word is not written in the very letters that were read, or something else may be meant, nothing is changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, final

import yaml

from pytest_llem_invariants.readers.found import Word
from pytest_llem_invariants.readers.source import Place, whole
from pytest_llem_invariants.readers.yaml_tree import Tree

_ENDS: Final = re.compile(r"[\s;&|),\]\"'`]|\\\r?\n|\Z")
"""What may stand behind a word."""
_ITEM: Final = re.compile(r"[ \t]*-[ \t]+")
_NEXT_ITEM: Final = re.compile(r"(?:[ \t]+#[^\n]*|[ \t]*\r?)\n[ \t]*-[ \t]+")
_NEXT_IN_FLOW: Final = re.compile(r"\s*,\s*")
_NEXT_WORD: Final = re.compile(r"(?:\s|\\\r?\n)+")
_REST: Final = re.compile(r"[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?")
_GOES_ON: Final = re.compile(r"[ \t]*\\\r?")
_WENT_ON: Final = re.compile(r"[ \t]*\\\r?\n[ \t]*\Z")
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
    """A span, and what becomes of words of a command line; None of one that goes."""

    span: Span
    now: tuple[tuple[Word, str | None], ...] = ()
    variable: tuple[str, Place] | None = None
    """The environment variable that goes, and where it was set."""

    @property
    def is_in_variable(self) -> bool:
        """Whether it changes what a variable holds."""
        return any(word.held for word, _ in self.now)

    def words(self, before: Sequence[Word]) -> list[tuple[str, bool, bool, bool]]:
        """What is read of the words of a command line then."""
        now = {(word.place, str(word)): text for word, text in self.now}
        told = [(now.get((word.place, str(word)), str(word)), word) for word in before]
        return [(text, word.known, word.given, word.several) for text, word in told if text is not None]


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
    return Change(without_parts(text, [_written(text, one) for one in gone]), tuple((one, None) for one in gone))


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
    return Change(Span(start, start + len(option), new), ((word, new + word[len(option) :]),))


def valued_option(text: str, words: Sequence[Word], option: str, value: Any) -> Change:
    """A command line with another value of an option."""
    number, word = _only(words, option)
    new = _as_word(value)
    if "=" in word:
        start, end = _inside(text, word)
        return Change(Span(start + len(option) + 1, end, new), ((word, f"{option}={new}"),))
    following = words[number + 1] if number + 1 < len(words) else None
    if following is None or following.startswith("--") or not _is_told(following):
        raise UnsureError("its value is not told")
    return Change(Span(*_inside(text, following), new), ((following, new),))


def switched_option(text: str, words: Sequence[Word], option: str, new: str) -> Change:
    """A command line with a switch in place of an option and its value."""
    number, word = _only(words, option)
    start, end = _inside(text, word)
    if "=" in word:
        return Change(Span(start, end, new), ((word, new),))
    following = words[number + 1] if number + 1 < len(words) else None
    if following is None or following.lower() not in _TRUTHS or not _is_told(following):
        raise UnsureError("its value is not told")
    gone = without_parts(text, [_written(text, word), _written(text, following)])
    behind = without_parts(text, [_written(text, following)])
    if behind.start < end or gone.end < behind.end:
        raise UnsureError("something stands between it and its value")
    return Change(Span(start, behind.end, new + text[end : behind.start]), ((word, new), (following, None)))


def within_option(text: str, words: Sequence[Word], option: str, key: str, new: str | None) -> Change:
    """A command line with another name for a key in the JSON that an option has, or without it and its value."""
    number, word = _only(words, option)
    held = word if "=" in word else words[number + 1] if number + 1 < len(words) else None
    if held is None or not _is_told(held):
        raise UnsureError("its value is not told")
    start, end = _inside(text, held)
    found = list(re.finditer(rf'"({re.escape(key)})"\s*:', text[start:end]))
    if len(found) != 1:
        raise UnsureError("it is not written in the letters that are read")
    at = start + found[0].start()
    if new is None:
        span = _in_flow(text, at, _end_of_json(text, at + len(key)))
    else:
        span = Span(at + 1, at + 1 + len(key), new)
    if span.start < start or span.end > end:
        raise UnsureError("something else would change")
    return Change(span, ((held, text[start : span.start] + span.text + text[span.end : end]),))


_SAFE: Final = re.compile(r"[\w./:-]+")


def _as_word(value: Any) -> str:
    """A value as one word that needs no quotes."""
    told = value if isinstance(value, str) else json.dumps(value)
    if not _SAFE.fullmatch(told):
        raise UnsureError("the new value cannot be written without quotes")
    return told


def _only(words: Sequence[Word], option: str) -> tuple[int, Word]:
    numbers = [number for number, word in enumerate(words) if word.partition("=")[0] == option]
    if len(numbers) != 1:
        raise UnsureError("it is given more than once" if numbers else "it is not written as a word of its own")
    if not _is_told(words[numbers[0]]):
        raise UnsureError("a variable, a template or a condition decides it")
    return numbers[0], words[numbers[0]]


def _is_told(word: Word) -> bool:
    return word.known and word.given and not word.several


def offset(text: str, place: Place) -> int:
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


def _inside(text: str, word: Word) -> tuple[int, int]:
    """Where a word of a command line begins and ends, without its quotes."""
    start, end = _written(text, word)
    return (start + 1, end - 1) if text[start] in "'\"" else (start, end)


def _in_letters(text: str, word: str, place: Place) -> tuple[int, int]:
    at = offset(text, place)
    quote = text[at : at + 1] if text[at : at + 1] in ("'", '"') else ""
    end = at + len(quote) + len(word)
    if not text.startswith(word, at + len(quote)) or not text.startswith(quote, end):
        raise UnsureError("it is not written in the letters that are read")
    return at, end + len(quote)


# What goes, with its line, comma or blanks ---------------------------------------------------------------------------


def without_parts(text: str, parts: Sequence[tuple[int, int]]) -> Span:
    """Words that follow each other, as they stand: items of a list, in lines or in brackets, or words of a script."""
    start, end = parts[0][0], parts[-1][1]
    between = [text[one[1] : other[0]] for one, other in pairwise(parts)]
    line, stop = _line(text, start), end_of_line(text, end)
    before, after = text[line:start], text[end:stop]
    if _ITEM.fullmatch(before):
        if not all(map(_NEXT_ITEM.fullmatch, between)) or not _REST.fullmatch(after):
            raise UnsureError("its lines hold something else")
        return lines(text, line, stop)
    if _before(text, start) in ("[", ",") and _after(text, end) in (",", "]"):
        if not all(map(_NEXT_IN_FLOW.fullmatch, between)):
            raise UnsureError("something stands between it and its value")
        return _in_flow(text, start, end)
    if not all(map(_NEXT_WORD.fullmatch, between)):
        raise UnsureError("something stands between it and its value")
    return in_script(text, start, end)


def in_script(text: str, start: int, end: int) -> Span:
    line, stop = _line(text, start), end_of_line(text, end)
    before, after = text[line:start], text[end:stop]
    if not before.strip():
        if _GOES_ON.fullmatch(after):
            return lines(text, line, stop)
        if not after.strip():  # the last line of the command
            went_on = _WENT_ON.search(text, max(0, line - 200), start)
            return lines(text, line, stop) if went_on is None else Span(went_on.start(), end)
    blanks = len(before) - len(before.rstrip(" \t"))
    if before.strip() and blanks:
        return Span(start - blanks, end)
    return Span(start, end + len(after) - len(after.lstrip(" \t")))


def _in_flow(text: str, start: int, end: int) -> Span:
    """One part between brackets, with the comma behind it, or the one before it."""
    line = _line(text, start)
    if _after(text, end) == ",":
        comma = text.index(",", end) + 1
        stop = end_of_line(text, comma)
        rest = text[comma:stop]
        if not text[line:start].strip() and not rest.strip():
            return lines(text, line, stop)
        return Span(start, comma + len(rest) - len(rest.lstrip(" \t")))
    if _before(text, start) == ",":
        return Span(text.rindex(",", 0, start), end)
    return Span(start, end)


def lines(text: str, start: int, stop: int) -> Span:
    """Whole lines; of the last one without an end, the end of the line before."""
    if stop < len(text):
        return Span(start, stop + 1)
    return Span(max(start - (2 if text[start - 2 : start] == "\r\n" else 1), 0), stop)


def _line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def end_of_line(text: str, at: int) -> int:
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
    line, stop = _line(text, start), end_of_line(text, start)
    if len(mapping.value) == 1:
        raise UnsureError("nothing would be left of its mapping")
    is_block = isinstance(value, yaml.ScalarNode) and value.style in ("|", ">")
    if is_block or value.end_mark.index > stop or text[line:start].strip():
        raise UnsureError("it has not a line of its own")
    if not _REST.fullmatch(text[value.end_mark.index : stop]):
        raise UnsureError("its line holds something else")
    return Change(lines(text, line, stop))


def renamed_key(text: str, key: str, place: Place, new: str) -> Change:
    """A mapping with another name for a key, in the spelling of the old one."""
    start, _ = _in_letters(text, key, place)
    start += text[start] in "'\""
    return Change(Span(start, start + len(key), new))


def valued_key(text: str, key: str, place: Place, value: Any, *, is_json: bool) -> Change:
    """A mapping with another value of a key."""
    start, end = _in_letters(text, key, place)
    told = json.dumps(value)
    if is_json:
        stop = _end_of_json(text, end)
        colon = text.index(":", end) + 1
        return Change(Span(colon + len(text[colon:stop]) - len(text[colon:stop].lstrip()), stop, told))
    _, node = _pair(text, start)
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">") or node.start_mark.line != node.end_mark.line:
        raise UnsureError("its value has more than one line")
    if node.start_mark.index == node.end_mark.index or text[node.start_mark.index] in "&*!":
        raise UnsureError("its value is not written there")
    return Change(Span(node.start_mark.index, node.end_mark.index, told))


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
    for node in nodes(text):
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.start_mark.index == at:
                    return node, value
    raise UnsureError("its place is not known")


def nodes(text: str) -> Iterator[yaml.Node]:
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
