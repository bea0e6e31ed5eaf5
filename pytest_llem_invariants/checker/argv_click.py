"""A command line as a program reads it that is made with click: a discovered parser at work.

What stands behind the name of an option is its value, whatever it looks like; names are written whole; and of an
option that is given twice the first value is never looked at.
"""

from __future__ import annotations

from pytest_llem_invariants.checker.argv import CommandParser
from pytest_llem_invariants.checker.argv_ready import Parsed
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.text.untold import is_many, is_untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.argv_ready import Read, Words

    Given = dict[int, tuple[str, Words, int]]
    """Option → the name that was written last, what stands behind it, and the number of its word."""


class ClickParser(CommandParser):
    """The parser of one command that is made with click."""

    dash_is_a_value = True

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._taken_before: Sequence[str] = data["habits"].get("taken_before", ())

    def read(
        self, words: Sequence[Any], file: Read | None = None, *, is_command: bool = True, below: str = ""
    ) -> Parsed:
        parsed = Parsed()
        pairs: Words = [(word, number) for number, word in enumerate(words)]
        taken = self._taken(pairs)
        if taken is not None:  # what is left of the line, and whether that is taken, another package decides
            parsed.give(UNKNOWN, UNKNOWN, taken)
            return parsed
        self._consume(pairs, parsed)
        if self.required and not parsed.is_left:
            self._check_required(parsed)
        return parsed

    def name_of(self, word: str) -> str:
        return word

    def _taken(self, pairs: Words) -> int | None:
        """The number of the first word that the program takes out of the line before the command sees it."""
        for word, number in pairs:
            if word == "--":
                return None
            if type(word) is str and word.partition("=")[0] in self._taken_before:
                return number
        return None

    def _consume(self, pairs: Words, parsed: Parsed) -> None:
        given: Given = {}
        bare: Words = []
        at = 0
        while at < len(pairs):
            word, place = pairs[at]
            at += 1
            if word == "--":
                bare += pairs[at:]
                break
            if type(word) is not str or is_many(word) or (word[:1] == "-" and is_untold(word.partition("=")[0])):
                parsed.give(UNKNOWN, UNKNOWN, place)
            elif word[:1] != "-" or len(word) == 1:
                bare.append(pairs[at - 1])
            else:
                at = self._named(pairs, at, given, parsed)
        is_wrong = bool(parsed.problems or parsed.strangers)
        if not is_wrong and any(self.actions[number][1] == "leave" for number in given):
            parsed.leave()
            return
        for number, (name, values, place) in given.items():
            self._store(number, name, values, parsed, place)
        self._fill(bare, parsed)
        self._settle(parsed, pairs)

    def _named(self, pairs: Words, at: int, given: Given, parsed: Parsed) -> int:
        """The option that the word before is, or the several of one letter; where the next word stands."""
        word, place = pairs[at - 1]
        name, equals, value = word.partition("=")
        if name in self.strings and (name[:2] == "--" or len(name) > 2):
            return self._valued(name, value if equals else None, pairs, at, given, parsed)
        if word[:2] == "--":
            parsed.strangers.append((word, place))
            return at
        for number, letter in enumerate(word[1:], 2):
            if f"-{letter}" not in self.strings:
                parsed.strangers.append((word, place))
                return at
            is_switch = self.actions[self.strings[f"-{letter}"]][2] == 0
            at = self._valued(f"-{letter}", None if is_switch else word[number:] or None, pairs, at, given, parsed)
            if not is_switch:
                return at
        return at

    def _valued(self, name: str, attached: str | None, pairs: Words, at: int, given: Given, parsed: Parsed) -> int:
        """An option with the words that it takes; where the next word stands."""
        number, place = self.strings[name], pairs[at - 1][1]
        wanted = self.actions[number][2]
        many = 1 if wanted is None else int(wanted)
        if attached is not None and not many:
            parsed.problems.append((f"{self._told(number)}: ignored explicit argument {attached!r}", place))
            return at
        values: Words = [] if attached is None else [(attached, place)]
        while len(values) < many and at < len(pairs):
            is_open = type(pairs[at][0]) is not str or is_many(pairs[at][0])
            values.append((UNKNOWN, place) if is_open else pairs[at])
            at += 1
            if is_open:  # it may be the rest of them, and more
                values += [(UNKNOWN, place)] * (many - len(values))
                parsed.give(UNKNOWN, UNKNOWN, place)
        if len(values) < many:
            told = "one argument" if many == 1 else f"{many} arguments"
            parsed.problems.append((f"{self._told(number)}: expected {told}", place))
        else:
            given.pop(number, None)
            given[number] = name, values, place
        return at

    def _fill(self, bare: Words, parsed: Parsed) -> None:
        """The places, with a bare word each, or with all that are left."""
        for number in self._positional:
            many = 1 if self.actions[number][2] is None else len(bare)
            if bare:
                self._store(number, None, bare[:many], parsed, -1)
                bare = bare[many:]
        parsed.bare += bare
