"""Where field names lead, in our own files and in other producers'."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_llem_invariants.corpus.files import field_resolver, locate_field, parse_proposed, render_proposed
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Rule
from pytest_llem_invariants.ssot import load_ssot
from tests.core.test_corpus import WHOLE


def _rule(fields: str, positive: str = "{size: 0}", *, rest: str = "", envelope: str = "") -> Rule:
    text = (
        WHOLE.replace('size: {"<": 1}', fields)
        .replace("kwargs_positive: {size: 0}", f"kwargs_positive: {positive}")
        .replace("      fields:", f"{rest}      fields:")
        .replace("invariants:", f"{envelope}invariants:")
    )
    (rule,) = parse_proposed(text).rules
    return rule


def triggers(rule: Rule, config: dict[str, Any], namespace: str | None = None) -> bool:
    return compile_match(rule.match, resolve=field_resolver(rule, namespace))(config, {})


@pytest.mark.parametrize(
    ("fields", "positive", "namespace", "config"),
    [
        ('size: {"<": "@low"}', "{size: 0, low: 1}", None, {"size": 0, "low": 1}),
        ('a.size: {"<": "@low"}', "{a: {size: 0, low: 1}}", None, {"a": {"size": 0, "low": 1}}),
        ('a.size: {"<": "@a.low"}', "{a: {size: 0, low: 1}}", None, {"a": {"size": 0, "low": 1}}),
        ('a.size: {"<": "@low"}', "{a: {size: 0}, low: 1}", None, {"a": {"size": 0}, "low": 1}),
        ('a.size: {"<": "@b.low"}', "{a: {size: 0}, b: {low: 1}}", None, {"a": {"size": 0}, "b": {"low": 1}}),
        ('lib.deep.size: {"<": "@lib.deep.low"}', "{size: 0, low: 1}", "lib.deep", {"size": 0, "low": 1}),
        ('lib.deep.size: {"<": "@low"}', "{size: 0, low: 1}", "lib.deep", {"size": 0, "low": 1}),
        ('lib.deep.size: {"<": "@lib.deep.low"}', "{size: 0, low: 1}", None, {"size": 0, "low": 1}),
        (
            'lib.deep.a.size: {"<": "@lib.deep.a.low"}',
            "{a: {size: 0, low: 1}}",
            "lib.deep",
            {"a": {"size": 0, "low": 1}},
        ),
        ('"len(a.size)": {"<": "@low * 2"}', "{a: {size: [], low: 1}}", None, {"a": {"size": [1], "low": 1}}),
    ],
)
def test_a_name_leads_to_its_value(fields: str, positive: str, namespace: str | None, config: dict[str, Any]) -> None:
    assert triggers(_rule(fields, positive), config, namespace)
    assert not triggers(_rule(fields, positive), {}, namespace)


def test_the_last_name_is_the_field_only_where_the_examples_say_so() -> None:
    rule = _rule('other.size: {"<": 1}', "{other: {size: 0}}")
    assert locate_field(rule, "other.size") == "other.size"
    assert locate_field(_rule('other.size: {"<": 1}'), "other.size") == "size"
    assert locate_field(_rule('other.weight: {"<": 1}'), "other.weight") == "other.weight"


@pytest.mark.parametrize(
    ("positive", "rest", "envelope"),
    [
        ("{size: 0, low: 1}", "", ""),
        ("{size: 0, deep: {low: 1}}", "", ""),
        ("{size: 0, deep: {$type: lib.Other, kwargs: {low: 1}}}", "", ""),
        ("{size: 0}", "      defaults: {low: 1}\n", ""),
        ("{size: 0}", "", "context: {low: {default: 1, values: [1, 2]}}\n"),
    ],
    ids=["example", "nested example", "typed example", "default", "context"],
)
def test_a_reference_may_lead_to_whatever_the_rule_mentions(positive: str, rest: str, envelope: str) -> None:
    assert _rule('size: {"<": "@low"}', positive, rest=rest, envelope=envelope)


def test_a_reference_to_nothing_names_rule_and_line() -> None:
    with pytest.raises(CorpusError) as caught:
        _rule('size: {"<": "@low"}')
    assert (caught.value.rule_id, caught.value.line) == ("small_size", 16)
    assert "'low'" in str(caught.value)


def test_a_newer_minors_keys_are_kept_wherever_they_stand() -> None:
    newer = (
        WHOLE.replace('"1.1.0"', '"1.9.0"')
        .replace("line_at_scan: 3}", "line_at_scan: 3, column: 4}")
        .replace("      fields:", "      unless: {size: 7}\n      fields:")
        .replace("emission_channel: runtime_exception}", "emission_channel: runtime_exception, code: 5}")
        .replace("invariants:", "signed_by: somebody\ninvariants:")
    )
    corpus = parse_proposed(newer)
    assert corpus.extra == {"signed_by": "somebody"}
    assert corpus.rules[0].extra == {
        "miner_source.column": 4,
        "match.unless": {"size": 7},
        "expected_outcome.code": 5,
    }
    text = render_proposed(corpus)
    assert "column: 4" in text
    assert parse_proposed(text) == corpus


@pytest.mark.parametrize("name", ["vllm.SamplingParams", "vllm.config.CacheConfig", "vllm.config.ParallelConfig"])
def test_native_types_of_the_house_have_a_namespace(name: str) -> None:
    found = load_ssot("vllm").native_type(name)
    assert found is not None
    assert found.namespace
