"""What one probe showed, and which guard showed it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import EMPTY, Kwargs, ObservedException, TypedValue

Raises = Callable[[Kwargs], ObservedException | None]
"""Asks the live library: the exception that these arguments meet, or None where it accepts them."""

_QUOTED: Final = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`")
_BRACKETED: Final = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|\([^()]*\)")
_NUMBER: Final = re.compile(r"(?<![A-Za-z_])[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf\b|nan\b)", re.IGNORECASE)
_ECHO: Final = re.compile(r" ?\[type=\w+, input_value=.*?, input_type=\w+\]", re.DOTALL)
"""What pydantic repeats of its input."""
_LISTED: Final = re.compile(r"(?:[\w.:+/-]+, ){2,}(?:(?:and|or) )?[\w.:+/-]+")
_LONGEST_QUOTED: Final = 60
_MOST_NUMBERS: Final = 24
_WORDS: Final = re.compile(r"\b(?:None|True|False)\b")


@dataclass(frozen=True, slots=True)
class Row:
    """One probe and its outcome."""

    kwargs: Kwargs
    exception: ObservedException | None
    guard: str | None
    """Which check raised; None where the library accepts."""


def guard_of(exception: ObservedException) -> str:
    """Which check raised: its place where the library's own code did, else what was said about which fields."""
    if exception.locations or exception.raised_at is None:
        return f"{exception.type}@{','.join(exception.locations)}:{abstract(exception.message)}"
    return f"{exception.type}@{exception.raised_at}"


def before_echo(message: str) -> str:
    """A message up to where pydantic repeats its input, which it cuts in the middle where it is long."""
    return _ECHO.split(message, maxsplit=1)[0]


def message_class(exception: ObservedException, kwargs: Kwargs = EMPTY) -> str:
    """The exception with everything abstracted that varies with the values, those of the config above all."""
    place = "" if exception.raised_at is None else f" at {exception.raised_at}"
    message = _ECHO.sub("", exception.message)
    for text in sorted(set(_texts(kwargs)), key=lambda text: (-len(text), text)):
        message = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", "…", message, flags=re.IGNORECASE)
    return f"{exception.type}: {abstract(message)}{place}"


def _texts(value: Any) -> Iterator[str]:
    """The words inside a config that a message may repeat without quotes."""
    if isinstance(value, TypedValue):
        yield from _texts(value.kwargs)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str) and value.strip():
        yield value


def quoted(message: str) -> tuple[str, ...]:
    """The texts that a message puts in quotes or lists with commas: often the values that a field may take."""
    message = _ECHO.sub("", message)
    in_quotes = [text[1:-1] for text in _QUOTED.findall(message) if len(text) < _LONGEST_QUOTED]
    listed = [word.rstrip(".") for found in _LISTED.findall(message) for word in re.split(r"[,\s]+", found)]
    return tuple(dict.fromkeys([*in_quotes, *(word for word in listed if word not in ("", "and", "or"))]))


def numbers_in(message: str) -> tuple[int | float, ...]:
    """The numbers that a message names: often bounds, or the values that a field may take."""
    found = dict.fromkeys(_NUMBER.findall(message))
    finite = [text for text in found if text.lstrip("+-")[:1].isdigit()]
    return tuple(int(text) if text.lstrip("+-").isdigit() else float(text) for text in finite[:_MOST_NUMBERS])


def names(message: str, value: Any) -> bool:
    """Whether a message contains a value as a word of its own."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        return False
    return re.search(rf"(?<![\w.-]){re.escape(str(value))}(?!\w|\.\d)", message) is not None


@lru_cache(maxsize=4096)
def abstract(message: str) -> str:
    """A message without its values: quoted text, numbers, collections and constants become `…`."""
    text = _QUOTED.sub("…", message)
    for _ in range(4):
        shorter = _BRACKETED.sub("…", text)
        if shorter == text:
            break
        text = shorter
    text = _WORDS.sub("…", _NUMBER.sub("…", text))
    return re.sub(r"\s+", " ", text).strip()[:300]


class ProbedLibrary:
    """The live library behind a memory: the same question is asked once."""

    def __init__(self, raises: Raises, accepts: Callable[[Kwargs], bool] | None = None) -> None:
        self._raises = raises
        self._accepts = accepts
        self._known: dict[str, Row] = {}
        self.accepted: list[Kwargs] = []
        """Everything the library was seen to accept: what speaks against a predicate that claims it."""

    @property
    def asked(self) -> int:
        return len(self._known)

    def __call__(self, kwargs: Kwargs) -> Row:
        key = identity(dict(kwargs))
        row = self._known.get(key)
        if row is None:
            exception = self._raises(kwargs)
            row = self._known[key] = Row(kwargs, exception, None if exception is None else guard_of(exception))
            if self._takes(row):
                self.accepted.append(kwargs)
        return row

    def glance(self, kwargs: Kwargs) -> str | None:
        """Which check rejects a config that no corpus can hold: no row is kept of it."""
        exception = self._raises(kwargs)
        return None if exception is None else guard_of(exception)

    def accepts(self, kwargs: Kwargs) -> bool:
        """Whether the library takes a config; False also where this machine cannot tell."""
        return self._takes(self(kwargs))

    def _takes(self, row: Row) -> bool:
        return row.guard is None and (self._accepts is None or self._accepts(row.kwargs))
