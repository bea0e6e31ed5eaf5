"""What was found in the words that the checker reads: what is not known is written as text that tells no value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_llem_invariants.readers.found import Found, UnknownValue, Word
from pytest_llem_invariants.readers.source import Place

_A_VALUE: Final = "$_"
_PLACEHOLDER: Final = re.compile(r"<[^<>]*[A-Za-z][^<>]*>|<>")
"""What a reader of the file puts something in for."""
_ANY_WORDS: Final = "$@"


def words_of(found: Found) -> list[str]:
    """The words of a command line."""
    told: list[str] = []
    for number, word in enumerate(found.words):
        option, _, value = word.partition("=") if word.startswith("-") else ("", "", str(word))
        is_told = word.known and word.given and not _PLACEHOLDER.fullmatch(value)
        if not number or is_told:
            told.append(str(word))
        elif option and "$" not in option and "…" not in option:
            takes_a_value = "=" in word or _has_value(found.words, number)
            told.append(f"{option}={_A_VALUE}" if takes_a_value else _ANY_WORDS)
        elif word.several and not _is_value(found.words, number):
            told.append(_ANY_WORDS)
        elif word.known and not word.given and not _is_value(found.words, number):
            continue  # what an option that a condition decides takes
        else:
            told.append(_A_VALUE)
    return told


def _has_value(words: Any, number: int) -> bool:
    """Whether a word that is no option follows; a switch has none, and would not take one."""
    return number + 1 < len(words) and not words[number + 1].startswith("-")


def _is_value(words: Any, number: int) -> bool:
    """Whether a word follows an option that is given and has no value yet."""
    before: Word = words[number - 1]
    return before.known and before.given and before.startswith("--") and "=" not in before


def data_of(found: Found) -> dict[str, Any]:
    """The mapping."""
    told: dict[str, Any] = _told(found.data)
    if "**" in told:
        del told["**"]
        told = {_ANY_WORDS: _A_VALUE, **told}
    return told


def _told(value: Any) -> Any:
    if isinstance(value, UnknownValue) or (isinstance(value, str) and _PLACEHOLDER.fullmatch(value)):
        return _A_VALUE
    if isinstance(value, Mapping):
        return {key: _told(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_told(item) for item in value]
    return value


def places_of(found: Found) -> Callable[[tuple[str | int, ...]], Place]:
    """Where each option of a command line, or key of a mapping, was written."""
    if found.place_of is not None:
        return found.place_of
    places: dict[str, Place] = {}
    for word in found.words:
        if word.startswith("-"):
            places[word.partition("=")[0]] = word.place
    bare = {str(word): word.place for word in found.words[_HEAD:] if not word.startswith("-")}
    free = next(iter(bare.values()), found.place)

    def place_of(path: tuple[str | int, ...]) -> Place:
        written = str(path[0]) if path else ""
        return places.get(written, found.place if written.startswith("-") else bare.get(written, free))

    return place_of


_HEAD: Final = 2
"""How many words the name of a command has at least."""
