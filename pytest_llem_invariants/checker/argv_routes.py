"""From what a program's parser makes of words to the class that judges it."""

from __future__ import annotations

from pytest_llem_invariants.checker.argv_rules import broken
from pytest_llem_invariants.checker.routed import Routed
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.checker.verdict import UNTOLD, Violation, remark_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.argv import CommandParser
    from pytest_llem_invariants.checker.argv_fixes import Remedy
    from pytest_llem_invariants.checker.argv_ready import Parsed, Read
    from pytest_llem_invariants.checker.core import LoadedCorpus
    from pytest_llem_invariants.checker.routed import Path

REFUSED_WORD = "refused_word"


def of_config(
    corpus: LoadedCorpus, form: Mapping[str, Any], parser: CommandParser, config: Mapping[str, Any]
) -> list[Routed]:
    """A config file of the program."""
    parsed, words, keys = parser.read_config(config)
    routed = _of_parsed(corpus, form, parser, parsed, words, keys.__getitem__)
    for key, option in parser.dropped(config) if False in config.values() else ():
        text = f"{key}: false says nothing here: the program passes on only what is true in its config file"
        fix = f"write {option.lstrip('-')}: true"
        remark = remark_of(REFUSED_WORD, "warn", text, fix, "full")
        routed[0].remarks = [*routed[0].remarks, Violation(remark, corpus.engine, (key,), {}, (key,))]
    return routed


def of_command(
    corpus: LoadedCorpus, command: Mapping[str, Any], parser: CommandParser, words: Sequence[str], read: Read | None
) -> list[Routed]:
    """A command line of the program; `read` opens the config file that it may name."""
    rest = words[len(command["words"]) :]
    below = str(command.get("parser", "")).rpartition(" ")[0]
    parsed = parser.read(rest, read, is_command="positional" in command, below=below)
    form = corpus.routes["forms"][command["form"]] if "form" in command else {}

    def key_of(number: int) -> str:
        return _key_of(rest[number]) if rest else " ".join(words)

    own: list[Violation] = []
    if "parser" in command:
        own = [*_unrecognized(corpus, parser, parsed, rest, key_of)]
        parsed.strangers, parsed.bare = [], []
    routed = _of_parsed(corpus, form, parser, parsed, rest, key_of)
    routed[0].remarks = [*routed[0].remarks, *own]
    return routed


def _unrecognized(
    corpus: LoadedCorpus, parser: CommandParser, parsed: Parsed, words: Sequence[Any], key_of: Callable[[int], str]
) -> Iterator[Violation]:
    """What a command with a parser of its own does not know; what became of an option, where somebody tells."""
    from pytest_llem_invariants.text.likeness import slip_of

    strange = {at for _, at in parsed.strangers}
    for word, at in (*parsed.strangers, *(pair for pair in parsed.bare if pair[1] - 1 not in strange)):
        text, option = f"unrecognized arguments: {word}", str(word).partition("=")[0]
        meant = slip_of(option, parser.strings) if option[:2] == "--" else None
        remedy = _fix(parser, words, at, text) if meant is None else (f"did you mean {meant}?", None)
        yield _refused(corpus, text, key_of(at), _fate_of(corpus, option), remedy)


def _key_of(word: str) -> str:
    """What names a word of a command line: the option, without its value."""
    return word.partition("=")[0] if word[:1] == "-" else word


def _of_parsed(
    corpus: LoadedCorpus,
    form: Mapping[str, Any],
    parser: CommandParser,
    parsed: Parsed,
    words: Sequence[Any],
    key_of: Callable[[int], str],
) -> list[Routed]:
    """What a parser made of words, for the class of the form, if it has one; what the parser refuses is told at its
    place.
    """
    name: str | None = form.get("class")
    tests = None if name is None else corpus.class_checker(name)
    fields = {} if tests is None else tests.fields or {}
    sections = () if tests is None else tests.sections
    names = form.get("fields", {})
    ignored = form.get("ignore", ())
    kwargs: dict[Any, Any] = {}
    places: dict[str, Path] = {}
    built: list[Routed] = []
    at_words, nested = parsed.places, parsed.nested
    for dest, value in parsed.values.items():
        field = names.get(dest, dest) if dest is not UNKNOWN else dest
        if field is UNKNOWN:
            kwargs[UNKNOWN] = UNKNOWN
        elif field in fields and field not in ignored:
            at = at_words[dest]
            key = field if at < 0 else key_of(at)
            if type(value) is dict and dest in parser.builds:
                value = _built(corpus, parser.builds[dest], value, key, [] if field in sections else built)
            elif type(value) is str:
                value = _as_number(value, fields[field])
            kwargs.pop(field, None)  # what comes later counts
            kwargs[field] = value
            places[field] = (key,)
            for inner, number in nested.get(dest, ()) if nested else ():
                places[f"{field}.{inner}"] = (key_of(number),)
    remarks = [
        _refused(corpus, text, key_of(at), _fate(corpus, text), _fix(parser, words, at, text))
        for text, at in parsed.problems
    ]
    if parsed.strangers or parsed.bare:
        remarks += _strange(corpus, parser, parsed, words, key_of, fields, kwargs, places)
    doubts = [(f"{UNTOLD}*", _refused(corpus, text, key_of(at))) for text, at in parsed.doubts]
    for text, at, decides in broken(parser.rules, parsed):
        said = _refused(corpus, text, key_of(at))
        if decides is None:
            remarks.append(said)
        else:
            doubts.append((decides, said))
    routed = Routed(name, {} if name is None else kwargs, places, remarks)
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
    words: Sequence[Any],
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
            text = f"unrecognized arguments: {word}"
            yield _refused(corpus, text, key_of(at), remedy=_fix(parser, words, at, text))


def _fix(parser: CommandParser, words: Sequence[Any], at: int, text: str) -> Remedy:
    from pytest_llem_invariants.checker.argv_fixes import fix_of_word

    return fix_of_word(parser, words, at, text)


def _as_number(value: str, kinds: Sequence[str]) -> Any:
    """Digits as a number where the class takes no text: it reads them so."""
    return int(value) if value.isdecimal() and "int" in kinds and "str" not in kinds else value


def _is_beside(corpus: LoadedCorpus, word: str) -> bool:
    """Whether the release adds the option to the command elsewhere than where this parser is made."""
    releases = corpus.releases if word.startswith("--") else None
    return releases is not None and releases.has_option(word.partition("=")[0])


def _fate(corpus: LoadedCorpus, text: str) -> str:
    """What became of an option that other ones begin like, so that it is taken for the beginning of either."""
    option = text.removeprefix("ambiguous option: ").partition(" ")[0]
    return _fate_of(corpus, option.partition("=")[0]) if option != text.partition(" ")[0] else ""


def _fate_of(corpus: LoadedCorpus, option: str) -> str:
    said = corpus.releases.of_option(option) if option[:2] == "--" and corpus.releases is not None else None
    return "" if said is None else f"{said.text}: {said.fix}"


def _refused(corpus: LoadedCorpus, text: str, key: str, fate: str = "", remedy: Remedy = ("", None)) -> Violation:
    """What the program's parser says of a word, and what became of it or what to write instead."""
    fix, edit = (fate, None) if fate else remedy
    remark = remark_of(REFUSED_WORD, "error", text, fix, "full", edit)
    return Violation(remark, corpus.engine, (key,), {}, (key,))
