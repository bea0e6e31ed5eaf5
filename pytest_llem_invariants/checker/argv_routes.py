"""From what a program's parser makes of words to the class that judges it."""

from __future__ import annotations

from pytest_llem_invariants.checker.argv_rules import broken
from pytest_llem_invariants.checker.routed import Routed, give
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.checker.verdict import UNTOLD, Violation, remark_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
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
    return _of_parsed(corpus, form, parser, parsed, keys.__getitem__)


def of_command(
    corpus: LoadedCorpus, command: Mapping[str, Any], parser: CommandParser, words: Sequence[str], read: Read | None
) -> list[Routed]:
    """A command line of the program; `read` opens the config file that it may name."""
    rest = words[len(command["words"]) :]
    parsed = parser.read(rest, read, is_command="positional" in command)
    form = corpus.routes["forms"][command["form"]]
    return _of_parsed(corpus, form, parser, parsed, lambda number: _key_of(rest[number]))


def _key_of(word: str) -> str:
    """What names a word of a command line: the option, without its value."""
    return word.partition("=")[0] if word[:1] == "-" else word


def _of_parsed(
    corpus: LoadedCorpus,
    form: Mapping[str, Any],
    parser: CommandParser,
    parsed: Parsed,
    key_of: Callable[[int], str],
) -> list[Routed]:
    """What a parser made of words, for the class of the form; what the parser refuses is told at its place."""
    tests = corpus.class_checker(form["class"])
    fields = tests.fields or {}
    names = form.get("fields", {})
    ignored = form.get("ignore", ())
    kwargs: dict[Any, Any] = {}
    places: dict[str, Path] = {}
    built: list[Routed] = []
    for dest, value in parsed.values.items():
        field = names.get(dest, dest) if dest is not UNKNOWN else dest
        if field is UNKNOWN:
            kwargs[UNKNOWN] = UNKNOWN
        elif field in fields and field not in ignored:
            at = parsed.places[dest]
            key = field if at < 0 else key_of(at)
            if type(value) is dict and dest in parser.builds:
                value = _built(corpus, parser.builds[dest], value, key, [] if field in tests.sections else built)
            give(kwargs, field, _as_number(value, fields[field]))
            places[field] = (key,)
            for inner, number in parsed.nested.get(dest, ()):
                places[f"{field}.{inner}"] = (key_of(number),)
    remarks = [_refused(corpus, text, key_of(at), _fate(corpus, text)) for text, at in parsed.problems]
    remarks += _strange(corpus, parser, parsed, key_of, fields, kwargs, places)
    doubts = [(f"{UNTOLD}*", _refused(corpus, text, key_of(at))) for text, at in parsed.doubts]
    for text, at, decides in broken(parser.rules, parsed):
        said = _refused(corpus, text, key_of(at))
        if decides is None:
            remarks.append(said)
        else:
            doubts.append((decides, said))
    routed = Routed(form["class"], kwargs, places, remarks)
    routed.doubts = doubts
    return [routed, *built]


def _built(corpus: LoadedCorpus, name: str, value: dict[str, Any], key: str, built: list[Routed]) -> Any:
    """What the program builds of an option before the class of the form sees it; its own class judges it."""
    from pytest_llem_invariants.model import TypedValue

    full = [one for one in corpus.native_types if one.rpartition(".")[2] == name]
    if len(full) == 1:
        built.append(Routed(full[0], value, {inner: (key, inner) for inner in value if inner is not UNKNOWN}))
    return TypedValue(full[0] if len(full) == 1 else name, value)


def _strange(
    corpus: LoadedCorpus,
    parser: CommandParser,
    parsed: Parsed,
    key_of: Callable[[int], str],
    fields: Mapping[str, Any],
    kwargs: dict[Any, Any],
    places: dict[str, Path],
) -> Iterator[Violation]:
    """What the parser does not recognise. An option that there is not is left to the class, which may know its fate."""
    strange: set[int] = set()
    for word, at in parsed.strangers:
        strange.add(at)
        name = word.lstrip("-").partition("=")[0].partition(".")[0].replace("-", "_")
        if name in fields or not name:
            fix = f"write -{word}" if f"-{word}" in parser.strings else ""
            yield _refused(corpus, f"unrecognized arguments: {word}", key_of(at), fix)
        elif not _is_beside(corpus, word):
            kwargs[name] = True
            places[name] = (key_of(at),)
    for word, at in parsed.bare:
        if at - 1 in strange:
            strange.add(at)  # what was meant for an option that there is not
        else:
            yield _refused(corpus, f"unrecognized arguments: {word}", key_of(at))


def _as_number(value: Any, kinds: Sequence[str]) -> Any:
    """Digits as a number where the class takes no text: it reads them so."""
    return int(value) if type(value) is str and value.isdecimal() and "int" in kinds and "str" not in kinds else value


def _is_beside(corpus: LoadedCorpus, word: str) -> bool:
    """Whether the release adds the option to the command elsewhere than where this parser is made."""
    releases = corpus.releases if word.startswith("--") else None
    return releases is not None and releases.has_option(word.partition("=")[0])


def _fate(corpus: LoadedCorpus, text: str) -> str:
    """What became of an option that other ones begin like, so that it is taken for the beginning of either."""
    option = text.removeprefix("ambiguous option: ").partition(" ")[0]
    said = None
    if option != text.partition(" ")[0] and corpus.releases is not None:
        said = corpus.releases.of_option(option.partition("=")[0])
    return "" if said is None else f"{said.text}: {said.fix}"


def _refused(corpus: LoadedCorpus, text: str, key: str, fix: str = "") -> Violation:
    """What the program's parser says of a word."""
    remark = remark_of(REFUSED_WORD, "error", text, fix, "full")
    return Violation(remark, corpus.engine, (key,), {}, (key,))
