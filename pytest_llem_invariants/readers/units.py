"""What a unit of systemd starts, or a container that Podman makes a unit of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import FILLED, Beside, Found, Word
from pytest_llem_invariants.readers.launches import in_script, of_words, started_by, with_env, with_image
from pytest_llem_invariants.readers.shell import split
from pytest_llem_invariants.readers.source import Source

_SETTING: Final = re.compile(
    r"^[ \t]*(?P<name>Environment|ExecStart|Exec|Image)[ \t]*=[ \t]*(?:(?<=ExecStart=)[@:+!-]*)?"
    r"(?P<rest>(?:[^\n\\]|\\\r?\n(?:[#;][^\n]*\n)*|\\)*)",
    re.MULTILINE,
)
_COMMENT: Final = re.compile(r"(?<=\n)[#;][^\n]*\n")
_SPECIFIER: Final = re.compile(r"%[A-Za-z]")
"""Something that the manager of units puts in."""


def read(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """The engine that is started, with the variables and the image that the unit names."""
    variables: dict[str, Word] = {}
    programs: list[Source] = []
    arguments: Source | None = None
    image: Word | None = None
    for found in _SETTING.finditer(source.text):
        rest = source.part(*found.span("rest"), _as_shell(found["rest"]))
        if found["name"] == "Environment":
            for word in split(_behind_a_word(rest)):
                name, equals, value = word.partition("=")
                if equals and name.isidentifier():
                    variables[name] = word.but(value)
        elif found["name"] == "ExecStart":
            # An empty one takes back those before it.
            programs = [*programs, rest] if rest.text.strip() else []
        elif found["name"] == "Exec":
            arguments = rest
        else:
            image = next(iter(split(rest)), None)
    beside = with_env(Beside(), variables)
    told = {name: [word] for name, word in variables.items()}
    for program in programs:
        yield from in_script(program, known, beside, variables=told)
    if image is not None and arguments is not None:
        beside = with_image(beside, str(image), known, is_known=image.known)
        words = split(arguments)
        yield from list(of_words(words, known, beside)) or started_by(str(image), words, known, beside, image.place)


def _as_shell(text: str) -> str:
    """A setting in as many letters as a shell would have it."""

    def fill(found: re.Match[str]) -> str:
        return FILLED * len(found[0])

    return _SPECIFIER.sub(fill, _COMMENT.sub(lambda found: " " * len(found[0]), text))


def _behind_a_word(rest: Source) -> Source:
    """With a word before them, so that `A=1` is a word and not what a shell sets."""
    starts = [(at + 2, line, column) for at, line, column in rest.starts]
    return Source(f"- {rest.text}", [(0, *rest.place(0)), *starts])
