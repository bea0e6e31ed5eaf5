"""The words of a command line as most are: one word behind the name of an option, a switch, the model in its place.

What is read here is what argparse makes of such words, without the steps that only others need; the rest is left to
the parser.
"""

from __future__ import annotations

from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.text.conversions import CONVERSIONS
from pytest_llem_invariants.text.untold import is_untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.argv_ready import Parsed, Words

    Store = Callable[[int, str | None, Words, Parsed, int], None]

_NO_ACTION: list[Any] = ["", "", None, "", None, None]
_MARKS = frozenset(["", "-", "$", "…"])
"""What begins a word that is no plain value: an option, or what may stand for any number of words."""
_SEVERAL = object()
"""Stands for the choices of an option that takes several words: their number stands behind."""


class Simple:
    """The options of a command that take a plain word, or none."""

    def __init__(self, actions: Sequence[list[Any]], strings: Mapping[str, int], store: Store) -> None:
        self._store = store
        self._options = dict(_plain_options(actions, strings))
        self._keys = {
            key: string
            for string in self._options
            if string[:2] == "--" and "." not in string
            for key in (string[2:], string[2:].replace("-", "_"))
        }
        """Key of a config file → the option that it is."""

    def words(self, places: list[int], pairs: Words, parsed: Parsed) -> int:
        """Consume words as long as they are what most are: one word behind the name of an option, a switch, or the one
        word of a place; how many they are.
        """
        if parsed.nested:
            return 0
        simple, count, at = self._options, len(pairs), 0
        while at < count:
            word, place = pairs[at]
            known = simple.get(word) if type(word) is str else None
            if known is not None and known[1] is None:
                parsed.give(known[0], known[3], place)
                at += 1
                continue
            following = pairs[at + 1][0] if at + 1 < count else "-"
            if known is None:
                if not places or not _is_plain(word) or type(following) is not str or following[:1] != "-":
                    return at
                if following == "--":
                    return at
                self._store(places.pop(0), None, [pairs[at]], parsed, -1)
                at += 1
                continue
            if not _is_plain(following):
                return at
            dest, convert, choices, number = known
            if choices is _SEVERAL:
                end = at + 2
                while end < count and _is_plain(pairs[end][0]):
                    end += 1
                if end < count and not _is_name(pairs[end][0]):
                    return at  # a dash by itself, or before a number or words, is one more of them
                self._store(number, word, pairs[at + 1 : end], parsed, place)
                at = end
                continue
            if is_untold(following):
                value = UNKNOWN
            else:
                try:
                    value = convert(following)
                except (ValueError, RecursionError, OverflowError):
                    return at
                if choices is not None and not is_among(value, choices):
                    return at
            parsed.give(dest, value, place)
            at += 2
        return at

    def config(self, config: Mapping[str, Any], parsed: Parsed) -> tuple[list[Any], list[str]] | None:
        """What a config says whose every entry is a switch that is on, or one word; None of any other config."""
        words: list[Any] = []
        keys: list[str] = []
        for key, value in config.items():
            string = self._keys.get(key)
            if string is None:
                return None
            dest, convert, choices, more = self._options[string]
            at = len(words)
            if convert is None:
                if value is not True:
                    return None
                parsed.give(dest, more, at)
                words.append(string)
                keys.append(key)
                continue
            word = value if type(value) is str else str(value) if type(value) in (int, float) else ""
            if not _is_plain(word):
                return None
            words += (string, word)
            keys += (key, key)
            if choices is _SEVERAL:
                self._store(more, string, [(word, at)], parsed, at)
                continue
            try:
                made = UNKNOWN if is_untold(word) else convert(word)
            except (ValueError, RecursionError, OverflowError):
                return None
            if choices is not None and made is not UNKNOWN and not is_among(made, choices):
                return None
            parsed.give(dest, made, at)
        return words, keys


def _plain_options(
    actions: Sequence[list[Any]], strings: Mapping[str, int]
) -> Iterator[tuple[str, tuple[str, Any, Any, Any]]]:
    """The options that are a switch or take plain words: destination, conversion, choices, what a switch gives."""
    for string, number in strings.items():
        dest, action, nargs, kind, choices, more = actions[number] if number >= 0 else _NO_ACTION
        if action == "set" and nargs == 0:
            yield string, (dest, None, None, more.get(string))
        elif action == "store" and nargs is None and kind in CONVERSIONS:
            yield string, (dest, CONVERSIONS[kind], choices, None)
        elif action == "store" and nargs in ("+", "*") and kind in CONVERSIONS:
            yield string, (dest, CONVERSIONS[kind], _SEVERAL, number)


def _is_plain(word: Any) -> bool:
    """Whether a word is one value, and no option."""
    return type(word) is str and word[:1] not in _MARKS and word != "..."


def _is_name(word: Any) -> bool:
    """Whether a word is no value of any option: two dashes, and no space behind."""
    return type(word) is str and word[:2] == "--" and " " not in word


def is_among(value: Any, choices: Sequence[Any]) -> bool:
    """Whether a value is one of the choices; True is not 1."""
    return value in choices and any(type(value) is type(one) for one in choices if value == one)
