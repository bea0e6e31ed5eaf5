"""What a reader found: a command line or a mapping, where each part of it was written, and the facts beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from pytest_llem_invariants.readers.source import Place, Source

FILLED: Final = "\ue000"
"""Stands for each letter of what a template puts in."""
COMMAND: Final = "command"
"""The form of what is a command line; any other form is one of the engine's routes."""


class Word(str):
    """One word of a command line.

    `known`: it is what it says; else a variable or a template decides. `given`: it is there in any case; else a
    condition decides. `several`: it may be no word or several.
    """

    __slots__ = ("given", "held", "known", "place", "several", "source")

    def __new__(
        cls,
        text: str,
        place: Place = (1, 1),
        *,
        known: bool = True,
        given: bool = True,
        several: bool = False,
        source: Source | None = None,
    ) -> Word:
        word = super().__new__(cls, text)
        word.source = source
        word.place = place
        word.known = known
        word.given = given
        word.several = several
        word.held = False
        return word

    place: Place
    known: bool
    given: bool
    several: bool
    held: bool
    """Whether a variable holds it, which others may use."""
    source: Source | None
    """Its text with the place of each of its lines, where it may be a script."""

    def but(self, text: str | None = None, *, given: bool | None = None, place: Place | None = None) -> Word:
        """The same word with other letters, at another place, or one that a condition decides."""
        word = Word(
            str(self) if text is None else text,
            self.place if place is None else place,
            known=self.known,
            given=self.given if given is None else given,
            several=self.several,
        )
        word.held = self.held
        return word


@final
@dataclass(frozen=True, slots=True)
class Beside:
    """The facts that a file gives beside a config; None is unknown."""

    image: str | None = None
    version: str | None = None
    """Of the engine, as the image's tag or a requirement names it."""
    is_built: bool = False
    """Whether the image has a build of the engine of which nobody knows the version: a nightly, a fork, a digest."""
    env: Mapping[str, str] = field(default_factory=dict)
    unknown_env: frozenset[str] = frozenset()
    """Variables that are set to something that nobody can read from the file."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """Where each variable is set."""
    gpu: str | None = None
    """The kind of device."""
    gpus: int | None = None
    """How many of them the one process on its one machine has."""
    plugins: tuple[str, ...] = ()
    """What adds to the engine, by the traces of it in the file."""


class UnknownValue:
    """A value of a mapping that the file does not tell."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


@final
@dataclass(frozen=True, slots=True)
class Found:
    """One engine config in a file."""

    engine: str
    form: str
    place: Place
    """Where it begins."""
    words: Sequence[Word] = ()
    """Of a command line, from the program's name on."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Of anything else; a value that is not known is an `UnknownValue`."""
    place_of: Callable[[tuple[str | int, ...]], Place] | None = None
    """Where a key of the mapping was written."""
    beside: Beside = field(default_factory=Beside)
