"""The short way of reading YAML gives what the real reader gives, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.checker import flat_yaml as flatyaml
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.yaml_reader import load_yaml

KEYS = st.sampled_from(["a", "tensor-parallel-size", "b.c", "yes", "n", "_x", "null", "1", "a b", "é", "-k", "k."])
SCALARS = st.sampled_from(
    [
        "0",
        "-3",
        "007",
        "1_000",
        "1.5",
        "-0.25",
        "1.",
        ".5",
        "1e5",
        "1.0e-5",
        "0x1f",
        "true",
        "True",
        "null",
        "~",
        "yes",
        "off",
        "auto",
        "a/b-c.d",
        "./model",
        "../m",
        ".nan",
        "inf",
        ".inf",
        "-",
        "a: b",
        "a #b",
        "a#b",
        "'x'",
        '"x"',
        "[1]",
        "{}",
        "*x",
        "&x y",
        "!t x",
        "| ",
        "> ",
        "1:30",
        "2020-01-01",
        "x:",
        "@x",
        "%x",
        "...",
        "---",
        "a,b",
        "",
        "9" * 40,
        "y",
        ".",
    ]
)
LINES = st.one_of(
    st.builds("{}: {}".format, KEYS, SCALARS),
    st.builds("{}:{}".format, KEYS, SCALARS),
    st.builds(" {}: {}".format, KEYS, SCALARS),
    st.builds("{}: {}  # {}".format, KEYS, SCALARS, st.sampled_from(["note", "é", ""])),
    st.sampled_from(["", "# note", "  # note", "---", "...", "- a", "\t", "%YAML 1.1", "a: 1\r", "x"]),
    st.text(alphabet="ab:#- .1'\"", max_size=8),
)


@settings(max_examples=2000, deadline=None)
@given(st.lists(LINES, max_size=4).map("\n".join))
def test_both_ways_agree(text: str) -> None:
    flat = flatyaml.read(text)
    if flat is None:
        return
    data, lines = flat
    document = load_yaml(text)
    assert repr(data) == repr(document.data)
    assert lines == {key: document.line_of((key,)) for key in data}


def test_the_usual_config_takes_the_short_way() -> None:
    text = (
        "# a server\nmodel: org/name-7b\ntensor-parallel-size: 2\n"
        "gpu_memory_utilization: 0.9  # of one\n\nenforce-eager: true\n"
    )
    assert flatyaml.read(text) == (
        {"model": "org/name-7b", "tensor-parallel-size": 2, "gpu_memory_utilization": 0.9, "enforce-eager": True},
        {"model": 2, "tensor-parallel-size": 3, "gpu_memory_utilization": 4, "enforce-eager": 6},
    )


def test_a_key_that_stands_twice_is_left_to_the_real_reader() -> None:
    assert flatyaml.read("a: 1\na: 2\n") is None
    with pytest.raises(CorpusError, match="duplicate"):
        load_yaml("a: 1\na: 2\n")
