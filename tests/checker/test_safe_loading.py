"""What lies in a folder is never run and never taken for the packaged corpora; what is damaged never answers."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker import codegen, layout, store
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import render_proposed
from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError
from pytest_llem_invariants.language.expressions import FUNCTIONS
from pytest_llem_invariants.language.predicates import compile_match
from tests.checker.demo import RULES, SAMPLING, SCHEMA, SERVE, checker_of, corpus_of, install, rule

# Where corpora come from ----------------------------------------------------------------------------------------------


def test_a_folder_of_corpora_above_the_current_one_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / "x.yaml").write_text("model: m\n")
    monkeypatch.chdir(below)
    with pytest.raises(EngineUnavailableError, match="unknown engine 'demo'"):
        Checker.load("demo")
    assert main(["check", "--engine", "demo", "x.yaml"]) == 2
    assert main(["list"]) == 0
    assert "demo" not in capsys.readouterr().out
    assert Checker.load("demo", root=tmp_path).check(SAMPLING, {"temperature": -1}).origin == str(tmp_path)


def test_a_folder_without_corpora_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--root", str(tmp_path)]) == 2
    assert "is not a folder of corpora — name one that holds engine_versions/ and corpora/" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["explain", "tp_low"],
        ["list"],
        ["list", "--engine", "demo"],
        ["diff", "demo", "1.0", "2.0"],
        ["export", "--engine", "demo", "--type", "Sampling"],
        ["sweep", "grid.yaml"],
        ["check", "--", "demo", "serve", "M"],
        ["compile"],
    ],
)
def test_every_command_that_reads_corpora_takes_a_root(
    project: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "grid.yaml").write_text("temperature: [0, 1]\n")
    monkeypatch.chdir(elsewhere)
    assert main([words[0], "--root", str(project), *words[1:]]) == 0


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("text", "✓ accepted  x.yaml  demo 2.0 · certification full · rules from {}, not the packaged ones"),
        ("json", '"origin": "{}"'),
        ("sarif", '"text": "x.yaml: checked with rules from {}, not the packaged ones"'),
        ("github", "::notice title=foreign-corpus::x.yaml: checked with rules from {}, not the packaged ones"),
    ],
)
@pytest.mark.parametrize("named", ["root", "corpus"])
def test_a_verdict_by_other_rules_than_the_packaged_ones_says_so(
    project: Path, capsys: pytest.CaptureFixture[str], form: str, told: str, named: str
) -> None:
    (project / "x.yaml").write_text("temperature: 1\n")
    which = ["--root", "."] if named == "root" else ["--corpus", "corpora/demo/invariants.proposed.yaml"]
    assert main(["check", *which, "--type", "Sampling", "--format", form, "x.yaml"]) == 0
    assert told.format(which[1]) in capsys.readouterr().out.replace("simulated", "full")


def test_the_packaged_corpora_have_no_origin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("temperature: 1\n")
    for named in ([], ["--root", store.packaged_root()]):
        words = ["check", *named, "--engine", "transformers", "--type", "GenerationConfig", "--format", "json"]
        assert main([*words, str(tmp_path / "x.yaml")]) == 0
        assert json.loads(capsys.readouterr().out)["documents"][0]["origin"] is None


# What a compiled corpus holds -----------------------------------------------------------------------------------------


def rewritten(change: Callable[[dict[str, Any]], None], part: int = 0, name: str = SAMPLING) -> bytes:
    """A compiled corpus with another head (part -1), or another part of a class, and digests that fit."""
    lines = compile_corpus(corpus_of(), schema=SCHEMA).encode().splitlines(keepends=True)
    start = len(layout.HEAD) + 8 + len(layout.THEN)
    head = json.loads(lines[0][start : -len(layout.BODY) - 1])
    place = sorted(head["classes"]).index(name) * 2 + part + 1
    if part < 0:
        change(head)
    else:
        data = json.loads(lines[place].rstrip(b",\n"))
        rules = list(map(json.loads, data)) if part else data
        change(rules)
        written = list(map(json.dumps, rules)) if part else rules
        lines[place] = json.dumps(written, separators=(",", ":")).encode() + b",\n"
        if part:
            marks = [mark for text in map(json.dumps, written) for mark in (len(text), crc32(text.encode()))]
            tests = {**json.loads(lines[place - 1].rstrip(b",\n")), "rules": marks}
            lines[place - 1] = json.dumps(tests, separators=(",", ":")).encode() + b",\n"
    at = 0
    if part >= 0:
        for number, line in enumerate(lines[1:-1]):
            entry = head["classes"][sorted(head["classes"])[number // 2]]
            entry[number % 2 * 3 : number % 2 * 3 + 3] = [at, len(line) - 2, crc32(line[:-2])]
            at += len(line)
    first = json.dumps(head).encode()
    lines[0] = (layout.HEAD + layout.digest(first) + layout.THEN).encode() + first + layout.BODY.encode() + b"\n"
    return b"".join(lines)


def test_a_corpus_with_its_digests_made_anew_is_read(tmp_path: Path) -> None:
    path = tmp_path / "compiled.json"
    path.write_bytes(rewritten(lambda data: None))
    assert not Checker.load(corpus=path).check(SAMPLING, {"temperature": -1}).ok
    path.write_bytes(rewritten(lambda data: None, part=-1))
    assert not Checker.load(corpus=path).check(SAMPLING, {"temperature": -1}).ok


EVIL = "x]+__import__('os').system('touch PWNED')+["
DEEP = "[" * 100_000


def of_field(field: str, *subjects: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["tests"][field] = json.dumps([[0, list(subjects)]])

    return change


def subject(tree: Any, *clause: Any) -> list[Any]:
    return [tree, False, [list(clause)]]


T = ["field", ["temperature"]]


@pytest.mark.parametrize(
    "hostile",
    [
        subject(T, EVIL, "value", 1),
        subject(T, "<", EVIL, 1),
        subject(T, "<", "value", {"$type": 3, "kwargs": {}}),
        subject(T, "min_len", "value", EVIL),
        subject(T, "divisible_by", "value", EVIL),
        subject(T, "divisible_by", "value", 0),
        subject(T, "in", "value", EVIL),
        subject(T, "type_is", "value", [1]),
        subject(T, "==", "other", [EVIL, T, T]),
        subject(T, "==", "other", ["call", EVIL, [T]]),
        subject(T, "==", "other", ["call", "lower", []]),
        subject(T, "==", "other", ["field", [EVIL, 3]]),
        subject(T, "==", "other", ["field", []]),
        subject(T, "==", "other", ["number", EVIL]),
        subject(T, "==", "other", ["context", ["a"]]),
        subject(T, "==", "other", "temperature"),
        subject(T, "==", "other", ["field", ["a"], {"$pairs": [[[EVIL], 1]]}]),
        subject([], "==", "value", 1),
        subject(EVIL, "==", "value", 1),
        subject(["each", EVIL, T], "==", "value", 1),
        subject(["each", [], T], "==", "value", 1),
        [T, False, [["==", "value"]]],
        [T, False, 3],
        3,
    ],
    ids=repr,
)
def test_clauses_of_a_form_that_nobody_writes_are_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "compiled.json"
    path.write_bytes(rewritten(of_field("temperature", hostile)))
    checker = Checker.load(corpus=path)
    with pytest.raises(CorpusError, match="a rule of an unknown form"):
        checker.check(SAMPLING, {"temperature": 1.5})
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize(
    "text",
    [EVIL, "", "3", "{}", '[["x", []]]', "[[-1, []]]", "[[true, []]]", DEEP, "[[0, [" + DEEP, "[[0, []]]x", "[[0]]"],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("place", ["temperature", "always"])
def test_text_in_the_place_of_clauses_is_one_error(tmp_path: Path, text: str, place: str) -> None:
    def change(data: dict[str, Any]) -> None:
        if place == "always":
            data["always"] = text
        else:
            data["tests"][place] = text

    path = tmp_path / "compiled.json"
    path.write_bytes(rewritten(change))
    if text == "{}":
        return  # no rule at all
    with pytest.raises(CorpusError, match="a rule of an unknown form"):
        Checker.load(corpus=path).check(SAMPLING, {"temperature": 1.5})


def nested(depth: int) -> Any:
    tree: Any = T
    for _ in range(depth):
        tree = ["negative", tree]
    return tree


@pytest.mark.parametrize("depth", [150, 500, 900])
def test_a_rule_that_is_nested_deep_is_one_error_at_most(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "compiled.json"
    path.write_bytes(rewritten(of_field("temperature", subject(T, ">", "other", nested(depth)))))
    with contextlib.suppress(CorpusError):
        assert Checker.load(corpus=path).check(SAMPLING, {"temperature": 1.5}) is not None


def test_names_are_text_and_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes, brackets, newlines, surrogates: a field of such a name is one that nobody gives, and no more."""
    monkeypatch.chdir(tmp_path)
    for name in (EVIL, "a'b", 'a"b', "a\\", "a\n__import__('os').system('touch PWNED')\n", "\ud800", "{v}", "é"):
        path = tmp_path / "compiled.json"
        tree = ["field", ["temperature", name], {name: [name]}]
        path.write_bytes(
            rewritten(of_field("temperature", subject(tree, "==", "value", name), subject(T, "==", "other", tree)))
        )
        assert Checker.load(corpus=path).check(SAMPLING, {"temperature": {name: 1}}).ok
    assert not (tmp_path / "PWNED").exists()


def put(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update(changes)


@pytest.mark.parametrize(
    "change",
    [
        put(engine=3),
        put(certification="golden"),
        put(classes=[]),
        put(classes={SAMPLING: [0, 1, 2]}),
        put(classes={SAMPLING: [0, -1, 2, 0, 1, 2]}),
        put(routes=[]),
        put(routes={"forms": {"x": {"marks": 3}}}),
        put(routes={"commands": [{"words": ["x"], "form": "gone"}]}),
        put(context={"platform": "cpu"}),
    ],
    ids=lambda change: str(change.__closure__[0].cell_contents),
)
def test_a_head_of_another_form_is_one_error(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = tmp_path / "compiled.json"
    path.write_bytes(rewritten(change, part=-1))
    with pytest.raises(CorpusError, match=r"compiled\.json: the compiled corpus is damaged"):
        Checker.load(corpus=path)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (0, put(tests={"temperature": 3})),
        (0, put(fields={"temperature": [3]})),
        (0, put(gone={"x": "y"})),
        (0, put(certification=None)),
        (0, lambda data: data.pop("gone")),
        (1, lambda data: data[0].pop("severity")),
        (1, lambda data: data[0].update(severity="fatal")),
        (1, lambda data: data[0].update(words=[["str"]])),
        (1, lambda data: data[0].update(fields="temperature")),
        (1, lambda data: data.clear()),
    ],
)
def test_a_class_of_another_form_is_one_error(
    tmp_path: Path, part: int, change: Callable[[dict[str, Any]], None]
) -> None:
    path = tmp_path / "compiled.json"
    path.write_bytes(rewritten(change, part=part))
    with pytest.raises(CorpusError, match=r"the compiled rules of demo\.Sampling are damaged"):
        Checker.load(corpus=path).check(SAMPLING, {"temperature": -1})


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"format": 3}', b'{"format": "x"}', DEEP.encode(), b"\xff{"])
def test_what_is_no_compiled_corpus_is_one_error(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "compiled.json"
    path.write_bytes(text)
    with pytest.raises(CorpusError, match=r"compiled\.json: "):
        Checker.load(corpus=path)


def test_a_newer_layout_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "compiled.json"
    path.write_text('{"format": 99}')
    with pytest.raises(CorpusError, match="pip install -U"):
        Checker.load(corpus=path)


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "compiled.json"
    with path.open("wb") as file:
        file.truncate(layout.LARGEST + 10)
    with pytest.raises(CorpusError, match="larger than"):
        Checker.load(corpus=path)


def test_every_flipped_byte_is_an_error_or_of_no_account() -> None:
    whole = compile_corpus(corpus_of(RULES[:3]), schema=SCHEMA).encode()
    config = {"temperature": -1, "top_p": 0.5}
    expected = layout.parse(whole, "x")
    assert expected is not None
    verdict = Checker(expected).check(SAMPLING, config).as_dict()
    for place in range(len(whole)):
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        try:
            compiled = layout.parse(flipped, "x")
            told = None if compiled is None else Checker(compiled).check(SAMPLING, config).as_dict()
        except CorpusError:
            continue
        assert told is None or told == verdict, place


def test_the_functions_of_compiled_rules_are_those_of_the_language() -> None:
    assert set(FUNCTIONS) == codegen._FUNCTIONS


def test_no_source_stands_in_a_compiled_corpus() -> None:
    text = compile_corpus(corpus_of(), schema=SCHEMA)
    assert not re.search(r"def |import|lambda|return ", text)


# What an exported model says ------------------------------------------------------------------------------------------


def test_an_exported_model_runs_nothing_that_a_corpus_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    named = 'demo.X"""\nimport os\n"""'
    (tmp_path / "own.yaml").write_text(render_proposed(corpus_of([rule("own", {"x": {"<": 3}}, native_type=named)])))
    assert main(["export", "--corpus", "own.yaml", "--type", named, "--format", "pydantic"]) == 2
    assert capsys.readouterr().err.startswith("llem-invariants: ")


# What a path reads ----------------------------------------------------------------------------------------------------


class Loud:
    """An object whose code must not run."""

    declared = "of the class"

    def __init__(self) -> None:
        self.held = -1

    @property
    def computed(self) -> int:
        raise AssertionError("a property was asked")

    def __getattr__(self, name: str) -> int:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AssertionError("an attribute was asked")


class Slotted:
    """An object without a dictionary."""

    __slots__ = ("empty", "held")

    def __init__(self) -> None:
        self.held = -1


@pytest.mark.parametrize("value", [Loud(), Slotted()])
@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        ("held", True),
        ("computed", False),
        ("declared", False),
        ("empty", False),
        ("__class__", False),
        ("__class__.__mro__", False),
        ("__init__.__globals__", False),
    ],
)
def test_a_path_reads_what_an_object_holds_and_none_of_its_attributes(value: Any, path: str, is_read: bool) -> None:
    on_path = rule("reads", {f"cache.{path}": {"present": True}}, native_type=SERVE)
    assert checker_of([on_path]).check(SERVE, {"cache": value}).ok is not is_read
    assert compile_match(on_path.match)({"cache": value}, {}) is is_read


def test_a_path_reads_no_attribute_of_a_plain_value() -> None:
    for value in (3, "text", [1], (1,), print, dict, json):
        on_path = rule("reads", {"cache.real": {"present": True}, "cache.__doc__": {"present": True}})
        assert checker_of([on_path]).check(SAMPLING, {"cache": value}).ok
