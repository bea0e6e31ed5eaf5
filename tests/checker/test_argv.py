"""A discovered parser reads a command line as argparse does, and what its program does to the words before."""

from __future__ import annotations

import argparse
import contextlib
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants import UNKNOWN
from pytest_llem_invariants.checker.argv import CommandParser
from pytest_llem_invariants.checker.argv_compiled import compiled_parser

HABITS = {
    "model_option": "first",
    "names_need_a_model": True,
    "short_numbers_inside": True,
    "attached": {"-O": "--level"},
    "file_false": False,
    "file_objects": True,
}


def option(*strings: str, dest: str = "", **more: Any) -> dict[str, Any]:
    name = dest or max(strings, key=len).lstrip("-").replace("-", "_")
    return {"dest": name, "strings": list(strings), "action": "store", "nargs": None, "type": "str", **more}


def flag(name: str) -> dict[str, Any]:
    dest = name.replace("-", "_")
    values = {f"--{name}": True, f"--no-{name}": False}
    return {"dest": dest, "strings": list(values), "action": "set", "nargs": 0, "values": values}


OPTIONS = [
    {"dest": "help", "strings": ["-h", "--help"], "action": "leave", "nargs": 0},
    {"dest": "model_tag", "action": "store", "nargs": "?", "type": "str"},
    option("--tensor-size", "-tp", type="int"),
    option("--tensor-name"),
    option("-n", "--nodes", type="int"),
    option("-q", "--quant", type="optional str"),
    option("--port", type="int"),
    option("--level", type="int"),
    option("--length", type="short_or_auto"),
    option("--memory", type="float"),
    option("--kind", choices=["a", "b", None], type="optional str"),
    option("--names", nargs="+", dest="served_names"),
    option("--sizes", nargs="+", type="int"),
    option("--token", nargs="?", const=True),
    option("--middle", action="append"),
    option("--config"),
    option("--cache-config", "-cc", type="short_object"),
    option("--extra", type="object_or_text"),
    {
        **option("--loras", nargs="+", action="pairs"),
        "needed": ["name", "path"],
        "possible": ["name", "path", "base"],
        "splits_once": True,
    },
    flag("eager"),
    flag("log-requests"),
]
READER = CommandParser(compiled_parser(OPTIONS, HABITS))


def read(line: str, **how: Any) -> Any:
    return READER.read(line.split(), **how)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("m", {"model_tag": "m"}),
        ("--port 1 m", {"port": 1, "model_tag": "m"}),
        ("m --tensor_size 2", {"model_tag": "m", "tensor_size": 2}),
        ("m --tensor-s 2", {"model_tag": "m", "tensor_size": 2}),
        ("m --tensor-s=2", {"model_tag": "m", "tensor_size": 2}),
        ("m -tp 2 -tp 4", {"model_tag": "m", "tensor_size": 4}),
        ("m -n4", {"model_tag": "m", "nodes": 4}),
        ("m -O3", {"model_tag": "m", "level": 3}),
        ("m -O=2", {"model_tag": "m", "level": 2}),
        ("m -O 1", {"model_tag": "m", "level": 1}),
        ("m --names -0.5 -O 2", {"model_tag": "m", "served_names": ["2", "-0", '{"5": "--level"}']}),
        ("m --no-eager --log-requests", {"model_tag": "m", "eager": False, "log_requests": True}),
        ("m --no_eager", {"model_tag": "m", "eager": False}),
        ("m --length AUTO", {"model_tag": "m", "length": -1}),
        ("m --length 32k", {"model_tag": "m", "length": 32000}),
        ("m --length 2K", {"model_tag": "m", "length": 2048}),
        ("m --length -1", {"model_tag": "m", "length": -1}),
        ("m --kind None", {"model_tag": "m", "kind": None}),
        ("m --names a", {"model_tag": "m", "served_names": ["a"]}),
        ("m --names a b --port 1", {"model_tag": "m", "served_names": ["a", "b"], "port": 1}),
        ("m --token --port 1", {"model_tag": "m", "token": True, "port": 1}),
        ("m --token x", {"model_tag": "m", "token": "x"}),
        ("m --middle a --middle b", {"model_tag": "m", "middle": ["a", "b"]}),
        ("m --cache-config.a.b 1k --cache_config.a.c x", {"model_tag": "m", "cache_config": {"a": {"b": 1000, "c": "x"}}}),  # noqa: E501
        ("m -cc.l+ a,b -cc.l+=c", {"model_tag": "m", "cache_config": {"l": ["a", "b", "c"]}}),
        ('m --cache-config {"a":80m}', {"model_tag": "m", "cache_config": {"a": 80_000_000}}),
        ("m --extra.a 1", {"model_tag": "m", "extra": {"a": 1}}),
        ("m --extra text", {"model_tag": "m", "extra": "text"}),
        ("m --loras a=b", {"model_tag": "m", "loras": [{"name": "a", "path": "b"}]}),
        ("--port 1 --model m", {"model_tag": "m", "port": 1}),
        ("--port 1 --model=m", {"model_tag": "m", "port": 1}),
        ("-- m", {"model_tag": "m"}),
        ("--port $PORT m", {"port": UNKNOWN, "model_tag": "m"}),
        ("m --names $NAMES --port 1", {"model_tag": "m", "served_names": UNKNOWN, "port": 1}),
        ("m --port ...", {"model_tag": "m", "port": UNKNOWN, UNKNOWN: UNKNOWN}),
        ("m --tensor-size=${TP:-1}", {"model_tag": "m", "tensor_size": UNKNOWN}),
        ("m $MORE", {"model_tag": "m", UNKNOWN: UNKNOWN}),
        ("$MORE m", {"model_tag": "m", UNKNOWN: UNKNOWN}),
        ("m --$OPTION 1", {"model_tag": "m", UNKNOWN: UNKNOWN}),
        ("m --cache-config.a $X", {"model_tag": "m", "cache_config": {"a": UNKNOWN}}),
        ("m --port 1 --help --port x", {}),
    ],
)  # fmt: skip
def test_what_a_line_gives(line: str, values: dict[Any, Any]) -> None:
    parsed = read(line)
    assert (parsed.values, parsed.is_refused) == (values, False), parsed.problems


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("m --port abc", "argument --port: invalid int value: 'abc'"),
        ("m --port", "argument --port: expected one argument"),
        ("m --names --port 1", "argument --names: expected at least one argument"),
        ("m --tensor- 2", "ambiguous option: --tensor- could match --tensor-size, --tensor-name"),
        ("m --kind c", "argument --kind: invalid choice: 'c' (choose from 'a', 'b', None)"),
        ("m --eager=true", "argument --eager/--no-eager: ignored explicit argument 'true'"),
        ("m --length 1.5K", "argument --length: invalid short or auto value: '1.5K'"),
        ("m --cache-config [1]", "argument --cache-config/-cc: invalid short object value: '[1]'"),
        ("m --cache-config {", "argument --cache-config/-cc: invalid short object value: '{'"),
        ("m --loras a", "argument --loras: invalid JSON: 'a'"),
        ('m --loras {"name":"a"}', 'argument --loras: needs name, path, got \'{"name":"a"}\''),
        ("m --config x.json", "argument --config: x.json is no YAML file by its name"),
    ],
)
def test_what_a_parser_refuses_is_told_in_its_words(line: str, told: str) -> None:
    assert [text for text, _ in read(line).problems] == [told]


def test_what_no_option_and_no_place_takes_is_kept_apart() -> None:
    assert [word for word, _ in read("m a b").bare] == ["a", "b"]
    assert [word for word, _ in read("m -language-model-only").strangers] == ["-language-model-only"]
    assert read("the model is served by demo").doubts
    assert read("--served-model-name x").strangers


def test_a_config_file_stands_before_what_the_line_says() -> None:
    contents = {"port": 1, "names": ["a", "b"], "eager": False, "log-requests": True, "cache_config": {"a": 1}}
    parsed = read("m --config c.yaml --port 2", file={"c.yaml": contents}.__getitem__)
    assert parsed.values == {
        "served_names": ["a", "b"],
        "log_requests": True,
        "cache_config": {"a": 1},
        "port": 2,
        "model_tag": "m",
    }
    parsed, _, keys = READER.read_config({"port": 1, "tensor_size": "x"})
    assert [keys[at] for _, at in parsed.problems] == ["tensor_size"]
    assert parsed.values == {"port": 1}


def test_a_false_that_the_program_does_not_pass_on_is_told_with_the_option_that_says_it() -> None:
    found = READER.dropped({"log-requests": False, "log_requests": False, "eager": False, "port": False, 3: False})
    assert list(found) == [("log-requests", "--no-log-requests")]
    passing = CommandParser(compiled_parser(OPTIONS, {**HABITS, "file_false": True}))
    assert not list(passing.dropped({"log-requests": False}))


def test_an_option_that_a_command_requires_is_missed_where_nobody_may_have_given_it() -> None:
    parser = CommandParser(compiled_parser([{**option("--input"), "required": True}, option("--port")], HABITS))
    assert [text for text, _ in parser.read(["--port", "1"]).doubts] == [
        "the following arguments are required: --input"
    ]
    for line in (["--input", "x"], ["$ARGS"], ["--input=x", "--port", "1"]):
        assert not parser.read(line).doubts


PLAIN = [
    one
    for one in OPTIONS
    if one["action"] != "pairs" and one["dest"] != "config" and one.get("type") in ("str", "int", "float", None)
]
CONVERSIONS: dict[str, Any] = {"str": str, "int": int, "float": float}


class RefusedError(Exception):
    """What argparse says before it leaves."""


def _refuse(message: str) -> Any:
    raise RefusedError(message)


def argparse_of() -> argparse.ArgumentParser:
    """The same options in a parser of the standard library."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.error = _refuse  # type: ignore[method-assign]
    for one in PLAIN:
        if one["action"] == "leave":
            continue
        if one["action"] == "set":
            parser.add_argument(one["strings"][0], action=argparse.BooleanOptionalAction)
            continue
        more = {name: one[name] for name in ("nargs", "const") if one.get(name) is not None}
        more["type"] = CONVERSIONS[one["type"]]
        if one["action"] == "append":
            more["action"] = "append"
        if "strings" in one:
            parser.add_argument(*one["strings"], dest=one["dest"], **more)
        else:
            parser.add_argument(one["dest"], **more)
    return parser


WORDS = st.sampled_from(
    [
        *(string for one in PLAIN if one["action"] != "leave" for string in one.get("strings", ())),
        *(
            "--tensor-si",
            "--tensor",
            "--no",
            "--no-e",
            "--po=1",
            "--names=a",
            "--token=",
            "-n3",
            "-n",
            "-tp=1",
            "-t",
            "-x",
        ),
        *("m", "1", "2", "-1", "-0", "1.5", "x y", "", "-", "--x", "--eager=1", "-q", "-qx", "-n=4", "--port=x", "a=b"),
    ]
)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(WORDS, max_size=7))
def test_the_reader_takes_what_argparse_takes_and_makes_the_same_of_it(words: list[str]) -> None:
    reader = CommandParser(compiled_parser([one for one in PLAIN if one["action"] != "leave"], {}))
    parsed = reader.read(words, is_command=False)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            expected = vars(argparse_of().parse_args(words))
    except RefusedError:
        assert parsed.is_refused
        return
    if parsed.doubts:
        return
    assert not parsed.is_refused, (parsed.problems, parsed.strangers, parsed.bare)
    assert parsed.values == {dest: value for dest, value in expected.items() if value is not None}


ENTRIES = st.dictionaries(
    st.sampled_from(
        ["tensor-size", "tensor_name", "kind", "names", "sizes", "eager", "no-eager", "length", "memory", "p"]
    ),
    st.one_of(
        st.booleans(), st.integers(-2, 3), st.sampled_from([0.5, "a", "b", "", "-x", "x y", "$P", "...", None, ["a"]])
    ),
    max_size=5,
)


@settings(max_examples=600, deadline=None)
@given(ENTRIES)
def test_a_config_file_is_read_as_the_words_that_stand_for_it(config: dict[str, Any]) -> None:
    words: list[str] = []
    for key, value in config.items():
        given = value if type(value) is list else [] if value is True else [str(value)]
        words += [] if value is False else [f"--{key}", *given]
    parsed, read, keys = READER.read_config(config)
    expected = READER.read(words, is_command=False)
    names = ("values", "problems", "doubts", "strangers", "bare")
    assert [getattr(parsed, name) for name in names] == [getattr(expected, name) for name in names]
    assert [config.get(key) is not False for key in keys] == [True] * len(read)


@pytest.mark.parametrize("words", [["1", "-1"], ["-1", "1"]])
def test_a_number_below_0_is_one_of_several_words(words: list[str]) -> None:
    parsed = READER.read(["--sizes", *words, "--eager"], is_command=False)
    assert (parsed.is_refused, parsed.values["sizes"]) == (False, [int(word) for word in words])
    assert READER.read(["--names", "a", "-"], is_command=False).values["served_names"] == ["a", "-"]


def test_a_word_with_a_space_is_one_more_value_though_it_begins_as_an_option_does() -> None:
    parsed = READER.read(["m", "--names", "a", "--port ", "--port", "1"])
    assert (parsed.values, parsed.is_refused) == (
        {"model_tag": "m", "served_names": ["a", "--port "], "port": 1},
        False,
    )


def test_the_option_of_the_model_without_a_name_is_not_put_in_front() -> None:
    assert read("m --model=").strangers == [("--model=", 1)]
    assert read("--model=n").values == {"model_tag": "n"}
