"""What is left of the values of a field: the same as what the rules leave, in types, ranges and choices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.checker.values_schema import Schema, allowed, schema_of
from tests.checker.accepting import accepts

NUMBERS = st.sampled_from([-1, 0, 1, 2, 0.5, 1.0, 3])
MEMBERS = st.sampled_from([None, True, False, 0, 1, 2, 0.5, "", "a", "ab"])
ATOMS: st.SearchStrategy[Schema] = st.one_of(
    st.builds(
        lambda kind: {"type": kind}, st.sampled_from(["null", "boolean", "integer", "number", "string", "array"])
    ),
    st.builds(lambda members: {"enum": members}, st.lists(MEMBERS, min_size=1, max_size=3)),
    st.builds(lambda word, bound: {"type": "number", word: bound}, st.sampled_from(["minimum", "maximum"]), NUMBERS),
    st.builds(lambda word, bound: {word: bound}, st.sampled_from(["exclusiveMinimum", "exclusiveMaximum"]), NUMBERS),
    st.builds(lambda divisor: {"type": "number", "multipleOf": divisor}, st.sampled_from([1, 2, 3])),
    st.builds(lambda word, count: {word: count}, st.sampled_from(["minLength", "maxLength"]), st.integers(0, 2)),
    st.builds(lambda pattern: {"type": "string", "pattern": pattern}, st.sampled_from(["a", "^a$", "b"])),
)
SCHEMAS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda one: {"not": one}, inner),
        st.builds(lambda ways: {"anyOf": ways}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"allOf": parts}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)
VALUES = [None, True, False, -1, 0, 1, 2, 3, 6, 0.5, 1.0, 1.5, "", "a", "ab", "b", "abc", [], [1], {}, {"a": 1}]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(SCHEMAS, max_size=4))
def test_what_is_left_is_what_no_rule_forbids(forbidden: list[Schema]) -> None:
    left = {"anyOf": schema_of(allowed(forbidden))}
    for value in VALUES:
        may = not any(accepts(one, value) for one in forbidden)
        assert accepts(left, value) or not may, (value, left)
        bounded = "enum" in json.dumps(forbidden) or isinstance(value, (list, dict))
        assert may or bounded or not accepts(left, value), (value, left)


@pytest.mark.parametrize(
    ("forbidden", "left"),
    [
        ([], [{}]),
        (
            [{"not": {"anyOf": [{"type": "number"}, {"type": "null"}]}}, {"type": "number", "exclusiveMaximum": 1}],
            [{"type": ["null", "number"], "minimum": 1}],
        ),
        ([{"not": {"enum": ["a", "b", None]}}], [{"enum": [None, "a", "b"]}]),
        (
            [{"not": {"type": "number"}}, {"type": "number", "not": {"multipleOf": 1}}, {"maximum": 0}, {"maximum": 2}],
            [{"type": "integer", "exclusiveMinimum": 2}],
        ),
        (
            [{"not": {"anyOf": [{"type": "integer"}, {"enum": ["auto"]}]}}],
            [{"enum": ["auto"]}, {"type": "integer"}],
        ),
        ([{"type": kind} for kind in ("null", "boolean", "number", "string", "array", "object")], []),
    ],
)
def test_an_editor_sees_types_ranges_and_choices(forbidden: list[Schema], left: list[dict[str, Any]]) -> None:
    assert schema_of(allowed(forbidden)) == left
