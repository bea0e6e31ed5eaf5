"""What the image of a Dockerfile starts: ENTRYPOINT and CMD of its last stage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import Beside, Found, Word
from pytest_llem_invariants.readers.launches import in_script, of_words, started_by, with_env, with_image
from pytest_llem_invariants.readers.shell import split
from pytest_llem_invariants.readers.source import Source

_INSTRUCTION: Final = re.compile(
    r"^[ \t]*(?P<name>FROM|ENV|CMD|ENTRYPOINT)[ \t]+(?P<rest>(?:[^\n\\]|\\(?!\r?\n)|\\\r?\n(?:[ \t]*#[^\n]*\n)*)*)",
    re.MULTILINE | re.IGNORECASE,
)


def read(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """The engine that the image starts."""
    beside, image = Beside(), Word("")
    starts: dict[str, tuple[list[Word], Source]] = {}
    for found in _INSTRUCTION.finditer(source.text):
        name, rest = found["name"].upper(), source.part(found.start("rest"), found.end("rest"))
        if name == "FROM":
            starts.clear()
            words = split(rest)
            image = next((word for word in words if not word.startswith("--")), Word(""))
            beside = with_image(Beside(), str(image), known, is_known=image.known and "$" not in image)
        elif name == "ENV":
            # With its own name before them, so that `A=1` is a word and not what a shell sets.
            told = split(source.part(found.start("name"), found.end("rest")))
            beside = with_env(beside, _variables(told[1:]))
        else:
            starts[name] = _program(rest)
    entry, command = starts.get("ENTRYPOINT"), starts.get("CMD")
    if entry is not None and not entry[0]:
        yield from in_script(entry[1], known, beside)
    elif entry is not None:
        yield from of_words([*entry[0], *(command[0] if command else [])], known, beside)
    elif command is not None and command[0]:
        said = list(of_words(command[0], known, beside))
        is_program = not command[0][0].startswith("-")
        yield from (
            said if said or is_program else started_by(str(image), command[0], known, beside, command[0][0].place)
        )
    elif command is not None:
        yield from in_script(command[1], known, beside)


def _program(rest: Source) -> tuple[list[Word], Source]:
    """The words of the list form; none of the shell form, which is a script."""
    text = re.sub(r"\\\r?\n(?:[ \t]*#[^\n]*\n)*", lambda found: " " * len(found[0]), rest.text)
    if not text.lstrip().startswith("["):
        return [], rest
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return [], rest
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return [], rest
    told: list[Word] = []
    at = 0
    for word in words:
        found = rest.text.find(json.dumps(word, ensure_ascii=False), at)
        at = found if found >= 0 else at
        told.append(Word(word, rest.place(at + 1)))
        at += 1
    return told, rest


def _variables(words: Sequence[Word]) -> dict[str, Word]:
    """`ENV A=1 B=2`, or `ENV A 1`."""
    if len(words) == 2 and "=" not in words[0]:
        return {str(words[0]): words[1]}
    pairs = [(word, *word.partition("=")) for word in words]
    return {name: word.but(value) for word, name, equals, value in pairs if equals and name.isidentifier()}
