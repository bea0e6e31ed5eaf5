"""What is said to do about a word that the program's parser refuses."""

from __future__ import annotations

import shlex

import pytest

from pytest_llem_invariants.checker.argv_fixes import fix_of_word
from tests.checker.test_argv import READER


def fixes(line: str) -> list[str]:
    words = shlex.split(line)
    parsed = READER.read(words)
    bare = [(f"unrecognized arguments: {word}", at) for word, at in parsed.bare]
    return [fix_of_word(READER, words, at, text)[0] for text, at in [*parsed.problems, *bare]]


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("m --eager=false", "write --no-eager: it takes no value"),
        ("m --eager=TRUE", "write --eager: it takes no value"),
        ("m --eager 0", "write --no-eager: it takes no value"),
        ("m --no-eager true", "write --no-eager: it takes no value"),
        ("m --no-log_requests=false", "write --log-requests: it takes no value"),
        ("m --eager x", "write --eager alone: it takes no value"),
        ("m --kind aa", "did you mean a?"),
        ("m --cache-config image=2,size=big", """write --cache-config '{"image": 2, "size": "big"}'"""),
        ("""m --cache-config "{'a': 1, 'b': None}" """, """write --cache-config '{"a": 1, "b": null}'"""),
        ("m --cache-config {a:x,b:3}", """write --cache-config '{"a": "x", "b": 3}'"""),
        ("m \u2013tensor-size=2", "write --tensor-size=2: options begin with two hyphens"),
        ("m --port x", ""),
        ("m a", ""),
    ],
)
def test_a_refused_word_is_told_with_what_to_write_instead(line: str, fix: str) -> None:
    assert fixes(line) == [fix]


def test_a_switch_without_an_opposite_is_left_out_to_be_off() -> None:
    from pytest_llem_invariants.checker.argv import CommandParser
    from pytest_llem_invariants.checker.argv_compiled import compiled_parser

    quiet = {"dest": "quiet", "strings": ["--quiet"], "action": "set", "nargs": 0, "values": {"--quiet": True}}
    parser = CommandParser(compiled_parser([quiet], {}))
    told = "argument --quiet: ignored explicit argument 'false'"
    assert fix_of_word(parser, ["--quiet=false"], 0, told)[0] == (
        "leave it out: --quiet takes no value, and without it stays off"
    )


def test_what_is_written_instead_is_taken() -> None:
    for line in ("m --eager=false", "m --cache-config image=2", "m --cache-config {a:x}"):
        words = shlex.split(line)
        written = shlex.split(fixes(line)[0].removeprefix("write ").removesuffix(": it takes no value"))
        assert not READER.read([words[0], *written]).is_refused


@pytest.mark.parametrize("text", ["{", "{}", "[1]", "{a", "=", "a=", "{" * 500, "x" * 5000])
def test_a_value_that_means_no_mapping_is_answered_with_how_one_looks(text: str) -> None:
    told = fix_of_word(READER, ["--cache-config", text], 0, "argument --cache-config: invalid object value")[0]
    assert told.startswith("give a JSON object: --cache-config ") or len(text) > 2000


@pytest.mark.parametrize(
    ("words", "change"),
    [
        (["m", "--eager=false"], ("switch", "--no-eager", "--eager", True)),
        (["m", "--no_eager", "true"], ("switch", "--no-eager", "--no_eager", True)),
        (["m", "--eager=x"], ("switch", "--eager", "--eager", False)),
        (["m", "--kind", "aa"], ("set", "a", "--kind", False)),
    ],
)
def test_what_is_told_is_a_change_as_well(words: list[str], change: tuple[object, ...]) -> None:
    parsed = READER.read(words)
    bare = [(f"unrecognized arguments: {word}", at) for word, at in parsed.bare]
    (problem,) = [*parsed.problems, *bare]
    edit = fix_of_word(READER, words, problem[1], problem[0])[1]
    assert edit is not None
    assert (edit.kind, edit.new, edit.field, edit.is_certain) == change


def test_a_long_option_with_one_hyphen_is_told_with_two() -> None:
    told = fix_of_word(READER, ["-port=1"], 0, "argument --help/-h: ignored explicit argument 'ort'")
    assert told == ("write --port: options of more than a letter begin with two hyphens", None)


def test_a_dash_between_words_is_of_a_sentence_and_no_option() -> None:
    assert READER.read(shlex.split("\u2014 owns the shared pool.")).doubts
    assert READER.read(shlex.split("m the shared pool. \u2014port 1")).bare
