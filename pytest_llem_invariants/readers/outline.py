"""What a text is made of, so that it can be told that a change touches nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

import yaml

from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.edits import UnsureError
from pytest_llem_invariants.readers.found import Beside
from pytest_llem_invariants.readers.launches import of_command
from pytest_llem_invariants.readers.shell import commands
from pytest_llem_invariants.readers.shell_words import tokens
from pytest_llem_invariants.readers.source import whole
from pytest_llem_invariants.readers.yaml_tree import filled
from pytest_llem_invariants.text.yaml_parser import CParser

_MOST_PARTS: Final = 2_000_000


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
    """Whether a few neighbours are gone, or one has another text or stands for two, and all else is the same.

    With a whole line of a script the end of it may go.
    """
    start = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    left, right = list(before[start:]), list(after[start:])
    while left and right and left[-1] == right[-1]:
        left.pop()
        right.pop()
    is_other_text = len(right) == 1 and 1 <= len(left) <= 2 and {one[0] for one in left} == {right[0][0]}
    frames = [text for kind, text in left if kind in _FRAMES]
    return is_other_text or (not right and (not frames or frames == ["\n"]))


_FRAMES: Final = frozenset({"operator", "document", "DocumentStartEvent", "DocumentEndEvent"})
