from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker.export import json_schema, markdown
from pytest_llem_invariants.checker.written import of_its_kinds
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import field_resolver, render_proposed
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Rule, Severity
from tests.checker.accepting import accepts
from tests.checker.demo import CONTEXT, RULES, SAMPLING, SERVE, corpus_of, rule
from tests.checker.test_agreement import rules

JSON_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -0.5, 2.0, 1.5]),
    st.sampled_from(["", "a", "ab"]),
)
JSON_VALUES = st.one_of(
    JSON_SCALARS, st.lists(JSON_SCALARS, max_size=3), st.dictionaries(st.sampled_from("xyz"), JSON_SCALARS, max_size=2)
)
CONFIGS = st.dictionaries(st.sampled_from("abcn"), JSON_VALUES, max_size=4)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules(), st.lists(CONFIGS, min_size=1, max_size=8))
def test_the_schema_rejects_nothing_that_the_rules_accept(drawn: Rule, configs: list[dict[str, Any]]) -> None:
    schema, unsupported = json_schema("lib.Thing", [drawn], context=CONTEXT)
    triggers = compile_match(drawn.match, context_fields=CONTEXT, resolve=field_resolver(drawn))
    for config in configs:
        if not accepts(schema, config):
            assert not unsupported
            assert drawn.severity == "error"
            assert triggers(config, {"platform": "cpu"})


def test_single_and_cross_field_rules_are_said() -> None:
    schema, unsupported = json_schema(SAMPLING, [one for one in RULES if one.native_type == SAMPLING])
    assert [entry.rule_id for entry in unsupported] == ["temperature_is_nan", "min_above_max"]
    for config, ok in (
        ({"temperature": -1}, False),
        ({"temperature": 1, "n": 2}, True),
        ({"temperature": 0, "n": 2}, False),
        ({"top_p": 0}, False),
        ({"mode": "slow"}, False),
        ({"mode": None}, True),
        ({}, True),
    ):
        assert accepts(schema, config) is ok, config


@pytest.mark.parametrize(("default", "ok"), [(0, True), ([], False), ([1], True), (None, True)])
def test_a_length_is_asked_of_the_default_and_not_the_default_itself(default: Any, ok: bool) -> None:
    counted = rule("too_few", {"len(a)": {"<": 1}}, defaults={"a": default})
    schema, _ = json_schema(SAMPLING, [counted])
    assert accepts(schema, {}) is ok


def test_what_json_cannot_tell_apart_is_named_rather_than_rejected() -> None:
    _, unsupported = json_schema(
        SAMPLING,
        [
            rule("int_only", {"a": {"type_is": "int"}}),
            rule("of_class", {"a": {"type_is_not": "Thing"}}),
            rule("of_platform", {"platform": {"==": "cpu"}}),
            rule("infinite", {"a": {"<": float("inf")}}),
            rule("product", {"a * b": {">": 3}}),
            rule("python_pattern", {"a": {"matches": "(?i)x"}}),
        ],
        context=["platform"],
    )
    assert [entry.rule_id for entry in unsupported] == [
        "int_only",
        "of_class",
        "of_platform",
        "infinite",
        "product",
        "python_pattern",
    ]


def test_the_schema_knows_the_fields_and_refuses_strangers_where_the_class_does() -> None:
    parameters = {
        "a": {"description": "An a.", "default_kind": "value", "default": 3, "enum": [3, 4], "deprecated": None}
    }
    schema, _ = json_schema(SAMPLING, [], parameters, accepts_extra=False)
    assert schema["properties"] == {"a": {"description": "An a.", "default": 3, "examples": [3, 4]}}
    assert not accepts(schema, {"b": 1})


def test_a_page_has_a_row_for_every_rule() -> None:
    page = markdown(SAMPLING, [rule("r", {"mode": {"==": "a|b"}}, severity=Severity.WARN)])
    assert page.splitlines()[-1] == "| mode is 'a\\|b' | warns |  | `demo/params.py:7` |"


# What people write ----------------------------------------------------------------------------------------------------

WRITTEN_KEYS = ["tensor-parallel-size", "tensor_parallel_size", "tp", "graphs", "no-graphs", "cache", "offload", "port"]
SAME_FIELD = [{"tensor-parallel-size", "tensor_parallel_size", "tp"}, {"graphs", "no-graphs", "graph"}]
WRITTEN = st.dictionaries(
    st.sampled_from([*WRITTEN_KEYS, "tensor-paralel-size"]),
    st.sampled_from(
        [0, 1, -1, 7, "0", "1k", "auto", None, True, False, {"block_size": 7}, {"block_size": 8}, {"x": 1}]
    ),
    max_size=3,
).filter(lambda config: all(len(config.keys() & ways) < 2 for ways in SAME_FIELD))
MODEL_AND_SIZE = rule("absent", {"offload": {"absent": True}, "tensor_parallel_size": {">": 6}}, native_type=SERVE)


def schema_of_serve(project: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    path = project / "corpora/demo/invariants.proposed.yaml"
    path.write_text(render_proposed(corpus_of([*RULES, MODEL_AND_SIZE])))
    (path.parent / "invariants.validated.yaml").unlink()
    assert main(["export", "--root", ".", "--engine", "demo", "--type", "serve"]) == 0
    schema: dict[str, Any] = json.loads(capsys.readouterr().out)
    return schema


def test_the_schema_of_a_form_says_what_stands_in_the_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = schema_of_serve(project, capsys)
    for config, ok in (
        ({"tensor-parallel-size": 0}, False),
        ({"tensor-parallel-size": 7}, False),
        ({"tensor-parallel-size": 7, "offload": 1}, True),
        ({"tensor-parallel-size": "0"}, True),
        ({"tensor-paralel-size": 1}, False),
        ({"tp": 1, "port": 80, "no-graphs": True}, True),
        ({"cache": {"block_size": 7}}, False),
        ({"cache": {"block_size": 8, "ways": 2}}, True),
    ):
        assert accepts(schema, config) is ok, config


def test_the_schema_of_a_form_rejects_only_what_the_checker_rejects(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = schema_of_serve(project, capsys)
    checker = Checker.load("demo", root=".")

    @settings(max_examples=400, deadline=None)
    @given(WRITTEN)
    def holds(config: dict[str, Any]) -> None:
        assert accepts(schema, config) or not checker.check_config(config, form="serve").ok

    holds()


def test_a_form_without_a_class_has_no_schema(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--root", ".", "--engine", "demo", "--type", "nested"]) == 2
    assert "has no class of its own" in capsys.readouterr().err


def test_the_rules_of_a_form_are_for_the_requests_of_its_kinds_alone() -> None:
    form = {
        "kinds": [
            {"class": "Chat", "has": ["messages"]},
            {"class": "Embed", "has": ["input"]},
            {"class": "EmbedChat", "has": ["messages"]},
            {"class": "Answer", "has": ["input"]},
        ]
    }
    fields = {
        "Chat": ["messages", "a", "b"],
        "Embed": ["input", "bits"],
        "EmbedChat": ["messages", "bits"],
        "Answer": ["input", "a", "b"],
    }
    schema = of_its_kinds({"properties": {}, "allOf": [{"not": {}}]}, form, fields, ["a", "b"])
    assert "allOf" not in schema
    assert schema["then"] == {"allOf": [{"not": {}}]}
    # Whatever has `input` may be of an earlier kind; what has a field of that kind alone is of it.
    names = [{"required": ["bits"]}, {"required": ["input"]}]
    assert schema["if"] == {"anyOf": [{"required": ["messages"]}], "not": {"anyOf": names}}
    assert of_its_kinds({"properties": {}}, form, fields, ["a"]) == {"properties": {}}
    assert of_its_kinds({"allOf": []}, {}, {}, []) == {"allOf": []}
