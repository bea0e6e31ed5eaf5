"""From what a program's parser makes of words to the class that judges it."""

from __future__ import annotations

from pytest_llem_invariants.checker.routed import Routed, give
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.checker.verdict import Violation, remark_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.argv import CommandParser
    from pytest_llem_invariants.checker.argv_ready import Parsed, Read
    from pytest_llem_invariants.checker.core import LoadedCorpus
    from pytest_llem_invariants.checker.routed import Path

REFUSED_WORD = "refused_word"


def of_config(
    corpus: LoadedCorpus, form: Mapping[str, Any], parser: CommandParser, config: Mapping[str, Any]
) -> list[Routed]:
    """A config file of the program."""
    parsed, keys = parser.read_config(config)
    return _of_parsed(corpus, form, parsed, keys.__getitem__)


def of_command(
    corpus: LoadedCorpus, command: Mapping[str, Any], parser: CommandParser, words: Sequence[str], read: Read | None
) -> list[Routed]:
    """A command line of the program; `read` opens the config file that it may name."""
    rest = words[len(command["words"]) :]
    parsed = parser.read(rest, read, is_command="positional" in command)
    form = corpus.routes["forms"][command["form"]]
    return _of_parsed(corpus, form, parsed, lambda number: _key_of(rest[number]))


def _key_of(word: str) -> str:
    """What names a word of a command line: the option, without its value."""
    return word.partition("=")[0] if word[:1] == "-" else word


def _of_parsed(
    corpus: LoadedCorpus, form: Mapping[str, Any], parsed: Parsed, key_of: Callable[[int], str]
) -> list[Routed]:
    """What a parser made of words, for the class of the form; what the parser refuses is told at its place."""
    tests = corpus.class_checker(form["class"])
    fields = tests.fields or {}
    names = form.get("fields", {})
    ignored = form.get("ignore", ())
    kwargs: dict[Any, Any] = {}
    places: dict[str, Path] = {}
    for dest, value in parsed.values.items():
        field = names.get(dest, dest) if dest is not UNKNOWN else dest
        if field is UNKNOWN:
            kwargs[UNKNOWN] = UNKNOWN
        elif field in fields and field not in ignored:
            give(kwargs, field, _as_number(value, fields[field]))
            at = parsed.places[dest]
            places[field] = (field,) if at < 0 else (key_of(at),)
            for inner, number in parsed.nested.get(dest, ()):
                places[f"{field}.{inner}"] = (key_of(number),)
    remarks = [_refused(corpus, text, key_of(at)) for text, at in parsed.problems]
    strange: set[int] = set()
    for word, at in parsed.strangers:
        strange.add(at)
        name = word.lstrip("-").partition("=")[0].partition(".")[0].replace("-", "_")
        if name in fields or not name:
            remarks.append(_refused(corpus, f"unrecognized arguments: {word}", key_of(at)))
        else:
            kwargs[name] = True
            places[name] = (key_of(at),)
    for word, at in parsed.bare:
        if at - 1 in strange:
            strange.add(at)  # what was meant for an option that there is not
        else:
            remarks.append(_refused(corpus, f"unrecognized arguments: {word}", key_of(at)))
    routed = Routed(form["class"], kwargs, places, remarks)
    routed.doubts = [_refused(corpus, text, key_of(at)) for text, at in parsed.doubts]
    return [routed]


def _as_number(value: Any, kinds: Sequence[str]) -> Any:
    """Digits as a number where the class takes no text: it reads them so."""
    return int(value) if type(value) is str and value.isdecimal() and "int" in kinds and "str" not in kinds else value


def _refused(corpus: LoadedCorpus, text: str, key: str) -> Violation:
    """What the program's parser says of a word."""
    remark = remark_of(REFUSED_WORD, "error", text, "", "full")
    return Violation(remark, corpus.engine, (key,), {}, (key,))
