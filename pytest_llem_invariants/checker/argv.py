"""A command line as the program's own parser reads it: a discovered parser at work.

It follows Python's argparse, and what the program does to the words before: nothing of it is run. What a word does not
tell is unknown; a word that may stand for any number of words may bring any options.
"""

from __future__ import annotations

from pytest_llem_invariants.checker.argv_ready import Parsed, Ready
from pytest_llem_invariants.checker.argv_simple import Simple, is_among
from pytest_llem_invariants.checker.runtime import UNKNOWN, unsure
from pytest_llem_invariants.text.conversions import CONVERSIONS, OBJECTS, OPTIONAL
from pytest_llem_invariants.text.untold import HYPHENS, is_many, is_sentence, is_untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.argv_ready import Read, Words

_OBJECTS = frozenset({"json", "object_or_text", "bare_object_or_text", *OBJECTS})
"""The conversions that make of JSON what it says."""


class CommandParser:
    """The parser of one command."""

    dash_is_a_value = False
    """Whether two dashes alone, where a value stands, are one: versions of Python differ in what they make of them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.actions: list[list[Any]] = data["actions"]
        self.strings: dict[str, int] = data["strings"]
        self._positional: list[int] = data["positional"]
        self.required: list[int] = data.get("required", [])
        self.rules: list[dict[str, Any]] = data.get("rules", [])
        """What the program checks of its options before it loads anything."""
        self.builds = {action[0]: action[5] for action in self.actions if action[3].removeprefix(OPTIONAL) in OBJECTS}
        """Destination → the class that the program builds from what is given, by its bare name."""
        self._on: list[int] = data.get("on", [])
        self._drops_false: bool = not data["habits"].get("file_false")
        self._ready = Ready(data["habits"])
        self._ways: dict[str, list[str]] = {}
        self._simple: Simple | None = None

    @property
    def _plain(self) -> Simple:
        if self._simple is None:
            self._simple = Simple(self.actions, self.strings, self._store)
        return self._simple

    @property
    def has_places(self) -> bool:
        """Whether the command takes bare words, such as a model."""
        return bool(self._positional)

    @property
    def dests(self) -> set[str]:
        return {action[0] for action in self.actions}

    def read(
        self, words: Sequence[Any], file: Read | None = None, *, is_command: bool = True, below: str = ""
    ) -> Parsed:
        """Read the words behind a command; `file` opens the config file that they name.

        `below` is the name of a command that has the parser of this one among others.
        """
        parsed = Parsed()
        self._consume(self._ready.command(words, file, parsed, is_command, below), parsed)
        if self.required and not parsed.is_left:
            self._check_required(parsed)
        return parsed

    def _check_required(self, parsed: Parsed) -> None:
        missing = [self._told(number) for number in self.required if self.actions[number][0] not in parsed.values]
        if missing and UNKNOWN not in parsed.values:
            names = ", ".join(name.removeprefix("argument ") for name in missing)
            parsed.doubts.append((f"the following arguments are required: {names}", 0))

    def read_config(self, config: Mapping[str, Any]) -> tuple[Parsed, list[Any], list[str]]:
        """Read what a config file says: the words that stand for it, and the key of each."""
        parsed = Parsed()
        simple = self._plain.config(config, parsed)
        if simple is not None:
            return parsed, *simple
        words, keys = self._ready.words_of(config)
        parsed = Parsed()
        self._consume(self._ready.options([(word, number) for number, word in enumerate(words)], parsed), parsed)
        return parsed, words, keys

    def dropped(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The keys of a config file whose `false` the program does not pass on, each with the option that says it.

        A key without a dash may be an argument of a class as well, which takes it.
        """
        for key, value in config.items() if self._drops_false else ():
            is_option = value is False and type(key) is str and "-" in key
            number = self.strings.get(self.name_of(f"--{key}")) if is_option else None
            if number in self._on:
                yield key, next(name for name, means in self.actions[number][5].items() if means is False)

    def name_of(self, word: str) -> str:
        """The option that a word names, whole; the word itself where it names none, or several."""
        name = word.replace("_", "-")
        known = [name] if name in self.strings else self._beginning(name)
        return known[0] if len(known) == 1 and name[:2] == "--" else word

    def action_of(self, word: str) -> list[Any] | None:
        """What is known of the option that a word names."""
        number = self.strings.get(self.name_of(word))
        return None if number is None else self.actions[number]

    # The parser -------------------------------------------------------------------------------------------------------

    def _consume(self, pairs: Words, parsed: Parsed) -> None:
        """Options with their values, and bare words for the places, in argparse's order."""
        places = list(self._positional)
        at = self._plain.words(places, pairs, parsed)
        if at < len(pairs):
            self._consume_any(places, pairs[at:] if at else pairs, parsed)
        self._settle(parsed, pairs)

    def _consume_any(self, places: list[int], pairs: Words, parsed: Parsed) -> None:
        """Words of any kind."""
        options: list[tuple[int, str, str | None] | None] = []
        option: tuple[int, str, str | None] | None
        letters: list[str] = []
        strings = self.strings
        for number, (word, at) in enumerate(pairs):
            if type(word) is str and word[:1] != "-":
                option, kind = None, "U" if is_many(word) else "A"
            elif type(word) is str and word in strings:
                option, kind = (strings[word], word, None), "O"
            elif word == "--":
                rest = len(pairs) - number - 1
                options += [None] * (rest + 1)
                letters += ["-", *("A" * rest)]
                break
            else:
                option, kind = self._option(word, at, parsed)
            options.append(option)
            letters.append(kind)
        kinds = "".join(letters)
        at = 0
        while at < len(pairs):
            end = at
            while end < len(pairs) and kinds[end] in "A-":
                end += 1
            if end > at:
                at = self._positionals(places, pairs, kinds, at, end, parsed)
                parsed.bare += pairs[at:end]
                at = end
            if at >= len(pairs):
                break
            option = options[at]
            if option is not None and option[2] is None and self.actions[option[0]][1] == "leave":
                parsed.leave()
                return
            if option is not None:
                at = self._optional(option, pairs, kinds, at, parsed)
                continue
            if kinds[at] == "U":
                parsed.give(UNKNOWN, UNKNOWN, pairs[at][1])
            at += 1

    def _settle(self, parsed: Parsed, pairs: Words) -> None:
        """Of bare words that nobody tells, each may be an option, or the value of one; a sentence is no command."""
        if not parsed.bare:
            return
        place = self.actions[self._positional[0]][0] if self._positional else None
        words = [word for word, _ in [*parsed.bare, *pairs[:1]] if type(word) is str and not is_untold(word)]
        if is_sentence(words) and not any(word[:1] in HYPHENS and word[1:] for word in words):
            parsed.doubts.append(("this reads as a sentence, not as a command line", parsed.bare[0][1]))
            parsed.bare = []
            return
        if parsed.model_at is not None and parsed.bare[0][1] == 0:
            parsed.doubts.append(("the model is given twice, behind the command and as --model", parsed.model_at))
            del parsed.bare[0]
        for word, at in parsed.bare:
            if word is UNKNOWN or is_untold(str(word)):
                parsed.give(UNKNOWN, UNKNOWN, at)
        if UNKNOWN in parsed.values or parsed.values.get(place) is UNKNOWN:
            told = [pair for pair in parsed.bare if pair[0] is not UNKNOWN and not is_untold(str(pair[0]))]
            if told and parsed.values.get(place) is UNKNOWN:
                parsed.give(UNKNOWN, UNKNOWN, told[0][1])
                parsed.give(place, *told[0])
            parsed.bare = []

    def _option(self, word: Any, at: int, parsed: Parsed) -> tuple[tuple[int, str, str | None] | None, str]:
        """The option that a word names with what is attached to it, and the kind of the word: an option (O), one that
        is none (X), a value (A), or what nobody tells (U)."""
        if type(word) is not str or len(word) == 1:
            return None, "A"
        key, equals, value = word.partition("=")
        if equals and key in self.strings:
            return (self.strings[key], key, value), "O"
        if is_untold(key):
            return None, "U"
        found = self._abbreviated(word)
        if len(found) > 1:
            names = ", ".join(name for _, name, _ in found)
            parsed.problems.append((f"ambiguous option: {word} could match {names}", at))
            return None, "X"
        if found:
            return found[0], "O"
        if _is_negative(word) or " " in word:
            return None, "A"
        parsed.strangers.append((word, at))
        return None, "X"

    def _abbreviated(self, word: str) -> list[tuple[int, str, str | None]]:
        """The options that a word may be short for."""
        if word[:2] == "--":
            key, equals, value = word.partition("=")
            names = self._beginning(key)
            return [(self.strings[name], name, value if equals else None) for name in names]
        found: list[tuple[int, str, str | None]] = []
        for name, number in self.strings.items():
            if name == word[:2]:
                found.append((number, name, word[2:]))
            elif name.startswith(word):
                found.append((number, name, None))
        return found

    def _beginning(self, key: str) -> list[str]:
        names = self._ways.get(key)
        if names is None:
            names = [name for name in self.strings if name.startswith(key)]
            if len(self._ways) < 1000:
                self._ways[key] = names
        return names

    def _positionals(self, places: list[int], pairs: Words, kinds: str, at: int, end: int, parsed: Parsed) -> int:
        """Fill the places with bare words; each takes one."""
        while places and at < end:
            behind = at
            while behind < end and kinds[behind] == "-":
                behind += 1
            taken = [] if behind >= end else [pairs[behind]]
            number = places.pop(0)
            if taken:
                self._store(number, None, taken, parsed, -1)
                at = behind + 1
                while at < end and kinds[at] == "-":
                    at += 1
            else:
                at = end
        return at

    def _optional(self, option: tuple[int, str, str | None], pairs: Words, kinds: str, at: int, parsed: Parsed) -> int:
        number, string, attached = option
        place = pairs[at][1]
        if number < 0:
            return at + 1
        nargs = self.actions[number][2]
        if attached is None and not nargs:  # as most options are: a switch, or one word behind its name
            if nargs == 0:
                self._store(number, string, [], parsed, place)
                return at + 1
            if at + 1 < len(pairs) and kinds[at + 1] == "A":
                self._store(number, string, [pairs[at + 1]], parsed, place)
                return at + 2
        while attached is not None and nargs == 0:
            self._store(number, string, [], parsed, place)
            following = f"-{attached[:1]}"
            if string[:2] == "--" or not attached or following not in self.strings:
                parsed.problems.append((f"{self._told(number)}: ignored explicit argument {attached!r}", place))
                return at + 1
            if self.actions[number][1] == "leave":
                parsed.leave()
                return len(pairs)
            number, string, attached = self.strings[following], following, attached[1:] or None
            nargs = self.actions[number][2]
        if attached is not None:
            self._store(number, string, [(attached, place)], parsed, place)
            return at + 1
        behind = at + 1
        most = {None: 1, "?": 1, "+": len(kinds), "*": len(kinds)}.get(nargs, nargs)
        while behind < len(pairs) and behind - at - 1 < most and kinds[behind] == "A":
            behind += 1
        given = pairs[at + 1 : behind]
        if behind < len(pairs) and kinds[behind] == "U" and len(given) < most:
            given = [*given, (UNKNOWN, place)]
        needed = {None: 1, "+": 1, "?": 0, "*": 0}.get(nargs, nargs)
        if len(given) < needed and not any(word is UNKNOWN for word, _ in given):
            wanted = (
                "at least one argument" if nargs == "+" else "one argument" if needed == 1 else f"{needed} arguments"
            )
            parsed.problems.append((f"{self._told(number)}: expected {wanted}", place))
        else:
            self._store(number, string, given, parsed, place)
        return behind

    def _told(self, number: int) -> str:
        names = [name for name, known in self.strings.items() if known == number]
        return f"argument {'/'.join(names) or self.actions[number][0]}"

    def _store(self, number: int, string: str | None, given: Words, parsed: Parsed, place: int) -> None:
        """What an option does with its values."""
        dest, action, nargs, kind, choices, more = self.actions[number]
        if action == "set":
            parsed.give(dest, more.get(string), place)
            return
        if action == "leave":
            return
        if action == "unknown":
            parsed.give(dest, UNKNOWN, place)
            return
        if nargs == "?" and not given:
            parsed.give(dest, more, place)
            return
        if nargs is None and action == "store" and (given[0][0] != "--" or self.dash_is_a_value):
            value = self._value(given[0][0], number, kind, choices, parsed, place)
            if value is not _REFUSED:
                if string is not None and string in parsed.nested:
                    parsed.nested[dest] = parsed.nested.pop(string)
                parsed.give(dest, value, place)
            return
        if any(word == "--" for word, _ in given) and not self.dash_is_a_value:
            parsed.give(dest, UNKNOWN, place)
            return
        values = [
            self._pair(word, number, parsed, place)
            if action == "pairs"
            else self._value(word, number, kind, choices, parsed, place)
            for word, _ in given
        ]
        if any(value is _REFUSED for value in values):
            return
        values = [value for value in values if value is not _LEFT_OUT]
        if string is not None and string in parsed.nested:
            parsed.nested[dest] = parsed.nested.pop(string)
        if action == "append":
            before = parsed.values.get(dest)
            parsed.give(dest, [*(before if type(before) is list else ()), *values], place)
        elif nargs in ("+", "*") or type(nargs) is int:
            parsed.give(dest, UNKNOWN if any(value is UNKNOWN for value in values) else values, place)
        else:
            parsed.give(dest, values[0], place)

    def _value(self, word: Any, number: int, kind: str, choices: Any, parsed: Parsed, at: int) -> Any:
        if word is UNKNOWN or kind == "unknown" or (type(word) is str and is_untold(word)):
            return UNKNOWN
        if type(word) is not str:
            if kind.removeprefix(OPTIONAL) in _OBJECTS:
                return word
            if unsure(word):
                return UNKNOWN
            import json

            word = json.dumps(word)
        try:
            value = CONVERSIONS[kind](word)
        except (ValueError, RecursionError, OverflowError):
            name = kind.removeprefix(OPTIONAL).replace("_", " ")
            parsed.problems.append((f"{self._told(number)}: invalid {name} value: {word!r}", at))
            return _REFUSED
        if choices is not None and not is_among(value, choices):
            told = ", ".join(map(repr, choices))
            parsed.problems.append((f"{self._told(number)}: invalid choice: {value!r} (choose from {told})", at))
            return _REFUSED
        return value

    def _pair(self, word: Any, number: int, parsed: Parsed, at: int) -> Any:
        """A name and a value, as `name=value` or as a JSON object."""
        if word is UNKNOWN or (type(word) is str and is_untold(word)):
            return UNKNOWN
        import json

        needed, possible = self.actions[number][5]["needed"], self.actions[number][5]["possible"]
        text = word if type(word) is str else json.dumps(word)
        if text in ("", "None"):
            return _LEFT_OUT
        is_pair = "=" in text and "," not in text
        if is_pair and (text.count("=") == 1 or self.actions[number][5]["splits_once"]):
            return dict(zip(possible, text.split("=", 1), strict=False))
        try:
            made = json.loads(text)
        except (ValueError, RecursionError):
            parsed.problems.append((f"{self._told(number)}: invalid JSON: {text!r}", at))
            return _REFUSED
        if type(made) is not dict or not set(needed) <= made.keys() <= set(possible):
            told = ", ".join(needed)
            parsed.problems.append((f"{self._told(number)}: needs {told}, got {text!r}", at))
            return _REFUSED
        return made


_REFUSED = object()
_LEFT_OUT = object()


def _is_negative(word: str) -> bool:
    """Whether a word is a negative number as argparse takes it: digits, with a point before some of them."""
    whole, dot, part = word[1:].partition(".")
    return (part.isdecimal() and (not whole or whole.isdecimal())) if dot else whole.isdecimal()
