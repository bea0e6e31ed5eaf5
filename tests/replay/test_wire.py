"""What travels between processes comes back as it was, or not at all."""

from __future__ import annotations

import json

import pytest

from pytest_llem_invariants.model import Change, Channel, Observation, ObservedException, ObservedLog, TypedValue
from pytest_llem_invariants.replay.wire import from_line, to_line

FULL = Observation(
    ObservedException("ValueError", "\ud800 \x00", ("a.b",), "lib/file.py:3", ("Exception", "BaseException")),
    ("said",),
    (ObservedLog(Channel.LOGGER_WARNING, "lib", "logged"),),
    {"field": "minor"},
    {"a": Change(1, {1: [float("inf"), 7**9000], "$x": None}), "b": Change(TypedValue("t.T", {"x": 1}), "y")},
)


def nested(levels: int) -> Observation:
    value: object = 1
    for level in range(levels):
        value = [value] if level % 3 else {level: value} if level % 2 else TypedValue("t.T", {"x": value})
    return Observation(normalisations={"a": Change(1, value)})


def test_what_nests_deeper_than_is_told_arrives_cut_and_as_it_was_told() -> None:
    (arrived,) = from_line(to_line([nested(200)]), 1)
    assert from_line(to_line([arrived]), 1) == (arrived,)
    assert from_line(to_line([nested(25)]), 1) == (nested(25),)


@pytest.mark.parametrize("observation", [FULL, Observation(), Observation(skipped_reason="timeout")])
def test_an_observation_arrives_as_it_left(observation: Observation) -> None:
    assert from_line(to_line([observation, observation]), 2) == (observation, observation)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\x80\x04]\x94.",
        b"{}",
        b"[]",
        b"[{}, {}]",
        b"[1]",
        b"[NaN]",
        b'[{"other": 1}]',
        b'[{"exception": ["ValueError", "text"]}]',
        b'[{"exception": ["ValueError", 1, [], null, []]}]',
        b'[{"warnings": "text"}]',
        b'[{"logs": [["nowhere", "lib", "text"]]}]',
        b'[{"logs": [[[], "lib", "text"]]}]',
        b'[{"minor_issues": {"a": 1}}]',
        b'[{"normalisations": {"a": [1]}}]',
        b'[{"normalisations": {"a": [1, {"$int": "x"}]}}]',
        b'[{"normalisations": {"a": [1, {"$map": [[[], 1]]}]}}]',
        b'[{"normalisations": {"a": [1, {"$map": [[{"$map": []}, 1]]}]}}]',
        b'[{"normalisations": {"a": [1, {"$type": "t", "kwargs": []}]}}]',
        b"[" * 100_000,
        json.dumps([{"normalisations": {"a": [1, [[]]]}}]).encode().replace(b"[[]]", b"[" * 60 + b"]" * 60),
        b'[{"normalisations": {"a": [1, ' + b"9" * 5000 + b"]}}]",
    ],
    ids=lambda line: line[:40].decode("latin-1"),
)
def test_what_is_no_observation_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_line(line, 1)
