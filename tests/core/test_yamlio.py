"""YAML in and out: exact, understood by every other reader, bounded."""

from __future__ import annotations

import gc
import math
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.collector import quiet_collector
from pytest_llem_invariants.text.yaml_reader import (
    DEFAULT_LIMITS,
    Limits,
    dump_yaml,
    load_yaml,
    read_document,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    [
        "y",
        "No",
        "1:30",
        "010",
        "0x",
        "1e5",
        "1_000",
        "<<",
        "=",
        "2026-01-31",
        "? a",
        "a #b",
        "a:",
        "&a",
        "*a",
        "%a",
        "`",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
KEYS = TEXTS | st.integers() | st.text("k", min_size=900, max_size=1200)


def _data(scalars: st.SearchStrategy[Any], keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
    )


DATA = _data(SCALARS, KEYS)
LOOKS_LIKE_A_NUMBER_OF_YAML_1_2 = re.compile(r"[-+]?(0o|[0-9._]+[eE])")
OLD_TEXTS = TEXTS.filter(lambda text: not LOOKS_LIKE_A_NUMBER_OF_YAML_1_2.match(text))


def exactly(left: Any, right: Any) -> bool:
    """Equality that tells 1, 1.0 and True apart, and 0.0 from -0.0."""
    return repr(left) == repr(right)


@given(DATA)
def test_what_is_written_is_read_exactly(data: Any) -> None:
    assert exactly(load_yaml(dump_yaml(data)).data, data)


@given(DATA)
def test_another_reader_reads_the_same(data: Any) -> None:
    assert exactly(yaml.safe_load(dump_yaml(data)), data)


@given(_data(st.integers() | st.floats(allow_nan=False) | OLD_TEXTS, OLD_TEXTS))
@settings(max_examples=60)
def test_what_another_writer_wrote_is_read(data: Any) -> None:
    """Save that YAML 1.1 writes the text 1e5 without quotes, which everybody else means as a number."""
    ordered = yaml.dump(data, Dumper=yaml.SafeDumper, sort_keys=False)
    assert exactly(load_yaml(ordered).data, data)


@given(st.text(max_size=30))
def test_any_text_can_be_written_and_read(text: str) -> None:
    """Surrogates have no place in a file and come back as their number."""
    written = dump_yaml({"value": text, "key": {text: 1}})
    written.encode()
    assert load_yaml(written).data["value"] == "".join(
        f"\\u{ord(letter):04x}" if "\ud800" <= letter <= "\udfff" else letter for letter in text
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e-05, "1.0e-05"),
        (1e22, "1.0e+22"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
        (5e-324, "5.0e-324"),
    ],
)
def test_floats(number: float, text: str) -> None:
    assert dump_yaml(number) == f"{text}\n"
    assert exactly(load_yaml(text).data, number)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-05", 1e-05),
        ("1E5", 1e5),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1", 1),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 15),
        ("0b11", 3),
        ("0x_", "0x_"),
        ("1:30", "1:30"),
        ("2026-01-31", "2026-01-31"),
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
        (".", "."),
        ("-", None),
        ("1.2.3", "1.2.3"),
        ("+", "+"),
    ],
)
def test_scalars_of_other_writers(text: str, value: Any) -> None:
    if text == "-":
        assert load_yaml(text).data == [None]
    else:
        assert exactly(load_yaml(text).data, value)


def test_an_integer_of_any_size_survives() -> None:
    huge = 7**20000
    assert load_yaml(dump_yaml([huge, -huge])).data == [huge, -huge]


def test_what_is_no_plain_data_is_not_written() -> None:
    with pytest.raises(TypeError, match="object"):
        dump_yaml({"a": object()})


PLACES = """\
top: 1
rules:
  - id: a
    match: {x: 1,
            y: 2}
  - id: b
1: number
"no": quoted
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("top",), (1, 1)),
        (("rules", 0), (3, 5)),
        (("rules", 0, "match", "y"), (5, 13)),
        (("rules", 1), (6, 5)),
        (("rules", 1, "missing"), (6, 5)),
        (("rules", 7), (2, 1)),
        ((1,), (7, 1)),
        (("no",), (8, 1)),
        (("nowhere", "at", "all"), (1, 1)),
    ],
)
def test_every_place_is_known(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    document = load_yaml(PLACES)
    assert document.place_of(path) == place
    assert document.line_of(path) == place[0]


def test_aliases_stand_for_what_they_name() -> None:
    assert load_yaml("a: &x [1, &y {k: v}]\nb: *x\nc: *y\nd: &z 5\ne: *z").data == {
        "a": [1, {"k": "v"}],
        "b": [1, {"k": "v"}],
        "c": {"k": "v"},
        "d": 5,
        "e": 5,
    }


def _tower(levels: int, width: int) -> str:
    lines = [f"l0: &l0 [{', '.join('x' * width)}]"]
    lines += [f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * width)}]" for level in range(1, levels)]
    return "\n".join(lines)


REFUSED = [
    ("a: 1\na: 2", "duplicate", 2),
    ("{1: a, true: b}", "duplicate", 1),
    ("[a, b]: 1", "key", 1),
    ("{{a: 1}: 1}", "key", 1),
    ("a: &x [1]\n? *x\n: 1", "key", 2),
    ("a: 1\n<<: {b: 1}", "merge", 2),
    ("a: *nothing", "has no anchor", 1),
    ("a: &x\n  b: *x", "contains it", 2),
    ("a: 1\n---\nb: 1", "more than one document", 2),
    ("a: !!python/object/apply:os.system ['true']", "python/object", 1),
    ("a: !!python/name:os.system ''", "python/name", 1),
    ("a: !own 3", "!own", 1),
    ("a: !!binary aGk=", "binary", 1),
    ("a: !!set {x}", "set", 1),
    ("\n\na: [1", "not YAML", 3),
    ("a: 'open", "not YAML", None),
    ("a: \tb\n\t- c", "not YAML", 2),
    ("a: \x00", "character", None),
    ("a: \x1b", "character", None),
    ("a: \ud800", "character", None),
    ("a: " + "9" * 5000, "digits", 1),
    ("[" * 65 + "]" * 65, "nests deeper", 1),
    ("[" * 200_000, "nests deeper", 1),
    ("{a: " * 200_000, "nests deeper", 1),
    ("a: 1\nb: " + "[" * 200_000, "nests deeper", 2),
    ("a: [" + "']', [" * 1_100, "nests deeper", 1),
    ("a: '" + "[" * 1_100 + "', b: 1", "not YAML", 1),
    ("- " * 70 + "x", "nests deeper", 1),
    (_tower(9, 9), "aliases expand to", None),
    ("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30, "nest deeper", 2),
]


@pytest.mark.parametrize(("text", "named", "line"), REFUSED, ids=[f"{row[1]}-{n}" for n, row in enumerate(REFUSED)])
def test_what_is_refused_is_refused_at_once_and_with_its_place(text: str, named: str, line: int | None) -> None:
    started = time.process_time()
    with pytest.raises(CorpusError) as caught:
        load_yaml(text, "some.yaml")
    assert time.process_time() - started < 1
    said = str(caught.value)
    assert named in said
    assert said.startswith("some.yaml")
    assert caught.value.fix
    assert "\n" not in said
    if line is not None:
        assert caught.value.line in (line, line + 1)


def test_what_lies_just_within_the_limits_is_read() -> None:
    assert load_yaml("[" * 64 + "]" * 64).data
    assert load_yaml(_tower(5, 9)).data
    assert load_yaml("[a, b]", limits=Limits(nodes=3)).data == ["a", "b"]


@pytest.mark.parametrize(
    ("limits", "named"),
    [(Limits(nodes=2), "nodes"), (Limits(size=3), "bytes"), (Limits(depth=0), "levels")],
)
def test_limits_are_the_callers(limits: Limits, named: str) -> None:
    with pytest.raises(CorpusError, match=named):
        load_yaml("[a, b]", limits=limits)


def test_a_file_is_refused_by_its_size_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(DEFAULT_LIMITS.size + 1)
    with pytest.raises(CorpusError, match="larger"):
        read_document(path)


@pytest.mark.parametrize(
    ("raw", "named"), [(b"a: 1\nb: \xff\n", "UTF-8"), (b"\xff\xfea\x00", "UTF-8")], ids=["latin", "utf-16"]
)
def test_a_file_in_another_encoding_is_refused(tmp_path: Path, raw: bytes, named: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(raw)
    with pytest.raises(CorpusError, match=named):
        read_document(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_document(path).data == {"a": 1, "b": 2}


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["a folder", "nothing"])
def test_what_cannot_be_read_is_said(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "corpus.yaml"
    make(path)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_document(path)


def test_an_empty_file_is_nothing() -> None:
    assert load_yaml("").data is None
    assert load_yaml("# only a remark\n").data is None
    assert load_yaml("").line_of(("a", 1)) == 1


def test_the_collector_is_left_as_it_was() -> None:
    with quiet_collector():
        assert not gc.isenabled()
        with quiet_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(CorpusError):
        load_yaml("[")
    assert gc.isenabled()
