"""The words of a command line as they reach the program's parser: what the program itself does to them before.

The model in front, the words of a config file, dashes for underscores, and one value for the dotted options of a name.
In what versions differ is told by the discovered parser as its habits.
"""

from __future__ import annotations

from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.text.conversions import short_number
from pytest_llem_invariants.text.untold import is_many, is_untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Read = Callable[[str], Mapping[str, Any]]
    Words = list[tuple[Any, int]]
    """Words, or what dotted options make of several, each with the number of the word it comes from."""

DEEPEST = 50
_LEVELS = ("0", "1", "2", "3")


class Parsed:
    """What a command line gives: values by destination, where each is written, and what the parser refuses."""

    __slots__ = ("bare", "doubts", "is_left", "model_at", "nested", "places", "problems", "strangers", "values")

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}
        """What was written last stands behind."""
        self.is_left = False
        """Whether the program tells its version or its options, and does no more."""
        self.places: dict[str, int] = {}
        self.nested: dict[str, list[tuple[str, int]]] = {}
        """Destination → the dotted names inside its value, each with its word."""
        self.model_at: int | None = None
        """The number of the word --model, where the program puts it in front."""
        self.problems: list[tuple[str, int]] = []
        """What the parser says, and the number of a word."""
        self.doubts: list[tuple[str, int]] = []
        """What it says of where the model stands. Whoever wrote the words may have put it elsewhere: an image may begin
        another command with them, and a line may be half of one."""
        self.strangers: list[tuple[str, int]] = []
        """Words that look like options, and are none."""
        self.bare: list[tuple[Any, int]] = []
        """Words that no option and no place takes."""

    def give(self, dest: Any, value: Any, at: int) -> None:
        self.values.pop(dest, None)
        self.values[dest] = value
        self.places[dest] = at

    def leave(self) -> None:
        self.is_left = True
        self.values.clear()
        self.strangers.clear()
        self.bare.clear()

    @property
    def is_refused(self) -> bool:
        return bool(self.problems or self.doubts or self.strangers or self.bare)


class Ready:
    """What one version's program does to words."""

    def __init__(self, habits: Mapping[str, Any]) -> None:
        self._habits = habits
        self._attached: Mapping[str, str | None] = habits.get("attached", {})

    def command(
        self, words: Sequence[Any], file: Read | None, parsed: Parsed, is_command: bool, below: str = ""
    ) -> Words:
        """The words behind a command, ready for its parser."""
        pairs: Words = [(word, number) for number, word in enumerate(words)]
        if is_command:
            pairs = self._made_ready(pairs, parsed)
        if any(word == "--config" for word, _ in pairs):
            read = file if file is None or not below else _nothing_below(file, below, parsed, pairs)
            pairs = self._with_file(pairs, read, parsed, is_command)
        return self.options(pairs, parsed)

    def options(self, pairs: Words, parsed: Parsed) -> Words:
        """Words with the names of options as the parser knows them."""
        is_dotted = False
        ready: Words = []
        for pair in pairs:
            word = pair[0]
            if type(word) is not str or word[:1] != "-":
                ready.append(pair)
                continue
            if "_" in word or word[:2] in self._attached or word[:7] == "--help=":
                is_dotted = is_dotted or word[:2] in self._attached
                ready += self._respelled(pair)
            else:
                ready.append(pair)
            is_dotted = is_dotted or "." in word
        return self._dotted(ready, parsed) if is_dotted else ready

    def _made_ready(self, pairs: Words, parsed: Parsed) -> Words:
        """The model in front where it is written as an option, as far as a version does so."""
        habit = self._habits.get("model_option")
        at = next((n for n, (word, _) in enumerate(pairs) if word[:7] == "--model" and _names_model(word)), None)
        if at is not None and habit == "first":
            word, number = pairs[at]
            parsed.model_at = number
            if word != "--model":
                pairs = [(word.removeprefix("--model="), number), *pairs[:at], *pairs[at + 1 :]]
            elif at + 1 < len(pairs):
                pairs = [pairs[at + 1], *pairs[:at], *pairs[at + 2 :]]
            else:
                parsed.problems.append(("argument --model: expected one argument", number))
                pairs = pairs[:at]
        if habit == "refused" and any(word == "--model" for word, _ in pairs):
            told = "the model is given behind the command or in a config file, not as --model"
            parsed.doubts.append((told, next(number for word, number in pairs if word == "--model")))
        if self._habits.get("names_need_a_model") and pairs and pairs[0][0].startswith("-"):
            self._check_names(pairs, parsed)
        return pairs

    def _check_names(self, pairs: Words, parsed: Parsed) -> None:
        keys = [(word.partition("=")[0].replace("_", "-"), number) for word, number in pairs]
        if any(is_many(word) for word, _ in pairs) or any(key == "--config" for key, _ in keys):
            return
        named = next((number for key, number in keys if key == "--served-model-name"), None)
        if named is not None:
            parsed.doubts.append(("the model must stand first where --served-model-name is given", named))

    def _with_file(self, pairs: Words, file: Read | None, parsed: Parsed, is_command: bool) -> Words:
        """The words of the config file behind the model, before the others: what is written later counts."""
        at = next(number for number, (word, _) in enumerate(pairs) if word == "--config")
        number = pairs[at][1]
        if at + 1 >= len(pairs) or sum(word == "--config" for word, _ in pairs) > 1:
            parsed.problems.append(("argument --config: expected one argument, once", number))
            return [pair for pair in pairs if pair[0] != "--config"]
        name = pairs[at + 1][0]
        inside: Words = []
        if is_untold(name):
            inside = [("…", number)]
        elif name.rpartition(".")[2] not in ("yaml", "yml"):
            parsed.problems.append((f"argument --config: {name} is no YAML file by its name", number))
        elif file is not None:
            inside = [(word, number) for word in self.words_of(file(name))[0]]
        first = 1 if is_command and pairs and not pairs[0][0].startswith("-") else 0
        if is_command and not first and not any(word in ("--model", "…") for word, _ in inside) and file is not None:
            parsed.doubts.append(("no model: give it behind the command or in the config file", number))
        return [*pairs[:first], *inside, *pairs[first:at], *pairs[at + 2 :]]

    def words_of(self, config: Mapping[str, Any]) -> tuple[list[Any], list[str]]:
        words: list[Any] = []
        keys: list[str] = []
        for key, value in config.items():
            if key is UNKNOWN or is_untold(str(key)):
                new: list[Any] = ["…"]
            elif type(value) is bool:
                new = [f"--{key}"] if value else [f"--no-{key}"] if self._habits.get("file_false") else []
            elif type(value) is list:
                new = [f"--{key}", *(item if item is UNKNOWN else str(item) for item in value)] if value else []
            elif type(value) is dict:
                new = [f"--{key}", value if self._habits.get("file_objects") else str(value)]
            else:
                new = [f"--{key}", value if value is UNKNOWN else str(value)]
            words += new
            keys += [key] * len(new)
        return words, keys

    def _respelled(self, pair: tuple[Any, int]) -> Words:
        """The word with dashes for underscores in the name of an option, and a letter apart from its value."""
        word, number = pair
        if type(word) is not str or word[:1] != "-":
            return [pair]
        if word[:2] == "--":
            if word.startswith("--help="):
                return [("--help", number)]
            if "_" not in word:
                return [pair]
            key, equals, value = word.partition("=")
            name, dot, rest = key[2:].partition(".")
            return [(f"--{name.replace('_', '-')}{dot}{rest}{equals}{value}", number)]
        attached = self._attached.get(word[:2])
        if attached is None or len(word) == 2 or (word[2] == "." and "." in attached):
            return [pair]
        value = word[3:] if word[2] == "=" else word[2:]
        return [(f"{attached}={value}", number)] if "." in attached else [(attached, number), (value, number)]

    def _dotted(self, pairs: Words, parsed: Parsed) -> Words:
        """The words without dotted options, and behind them what these make together: one value for each option."""
        pairs = self._with_levels(pairs)
        kept: Words = []
        made: dict[str, tuple[dict[str, Any], int, list[tuple[str, int]]]] = {}
        words = iter(range(len(pairs)))
        for at in words:
            word, number = pairs[at]
            following = pairs[at + 1][0] if at + 1 < len(pairs) else None
            key, equals, value = word.partition("=") if type(word) is str and word[:1] == "-" else ("", "", "")
            if "." not in key:
                kept.append((word, number))
                continue
            if not equals:
                next(words, None)
                if following is None:
                    parsed.problems.append((f"argument {key}: expected one argument", number))
                    continue
                value = following
            name, *names = key.removesuffix("+").split(".")
            if len(names) > DEEPEST:
                parsed.problems.append((f"an option nests deeper than {DEEPEST} levels: {key[:40]}…", number))
                continue
            whole = made.setdefault(name, ({}, number, []))
            _merge(whole[0], names, self._inside(value, is_list=key.endswith("+")))
            whole[2].append((".".join(names), number))
        for name, (inside, number, nested) in made.items():
            kept += [(name, number), (inside, number)]
            parsed.nested[name] = nested
        return kept

    def _with_levels(self, pairs: Words) -> Words:
        """Letters whose value may follow at once, by their option, where a level follows."""
        attached = self._attached
        behind = [*(word for word, _ in pairs[1:]), None]
        return [
            (attached.get(word) or word if after in _LEVELS and type(word) is str else word, number)
            for (word, number), after in zip(pairs, behind, strict=True)
        ]

    def _inside(self, value: Any, *, is_list: bool) -> Any:
        import json

        if type(value) is not str or is_untold(value):
            return UNKNOWN
        if is_list:
            return value.split(",")
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
        if self._habits.get("short_numbers_inside"):
            try:
                return short_number(value)
            except ValueError:
                pass
        return value


def _names_model(word: str) -> bool:
    """Whether a word is the option of the model: with nothing behind its `=` the program does not put it in front."""
    return word == "--model" or (word[7:8] == "=" and len(word) > 8)


def _nothing_below(file: Read, below: str, parsed: Parsed, pairs: Words) -> Read:
    """What a file says to a command below another one: its words stand behind the upper name, where none is known."""

    def read(name: str) -> Mapping[str, Any]:
        said = [key for key, value in file(name).items() if value is not False]
        if said:
            number = next(number for word, number in pairs if word == "--config")
            told = f"unrecognized arguments: --{said[0]} (the program puts what the file says behind `{below}`)"
            parsed.problems.append((told, number))
        return {}

    return read


def _merge(into: dict[str, Any], names: Sequence[str], value: Any) -> None:
    """Put a value at a path: lists are joined, and what is no mapping gives way."""
    for name in names[:-1]:
        inner = into.get(name)
        if type(inner) is not dict:
            inner = into[name] = {}
        into = inner
    last, before = names[-1], into.get(names[-1])
    if type(value) is list and type(before) is list:
        into[last] = before + value
    elif type(value) is dict and type(before) is dict:
        for name, item in value.items():
            _merge(before, [name], item)
    else:
        into[last] = value
