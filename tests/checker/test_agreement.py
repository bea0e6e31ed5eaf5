"""Generated tests say what `compile_match` says, for random rules and configs."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.corpus.files import field_resolver
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ContextField,
    Corpus,
    ExpectedOutcome,
    Match,
    MinerSource,
    Outcome,
    Rule,
    Severity,
    TypedValue,
)
from tests.checker.demo import checker_from

FIELDS = ("a", "b", "c", "n.x", "n.y")
CONTEXT = {"platform": ContextField("cpu", ("cpu", "cuda"))}


class Exotic(dict[str, Any]):
    """A mapping that is no plain dict."""


class Number(int):
    """A number that is no plain int."""


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, -0.5, 1.0, 2.5, float("inf"), -float("inf"), float("nan"), 10**400]),
    st.sampled_from(["", "a", "ab", "cpu", "cuda"]),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=2),
    st.lists(st.dictionaries(st.sampled_from("xy"), st.one_of(SCALARS, st.lists(SCALARS, max_size=1)), max_size=1)),
    st.dictionaries(st.sampled_from("xyz"), SCALARS, max_size=2),
    st.tuples(st.integers(0, 2)),
    st.builds(Number, st.integers(-2, 2)),
    st.builds(Exotic, st.dictionaries(st.sampled_from("xyz"), SCALARS, max_size=2)),
    st.builds(TypedValue, st.just("lib.Thing"), st.dictionaries(st.sampled_from("xy"), st.integers(0, 1), max_size=1)),
    st.binary(max_size=2),
)
DEFAULTS = st.one_of(SCALARS, st.builds(TypedValue, st.just("lib.Thing"), st.just({})))
REFERENCES = st.sampled_from(["@a", "@b", "@c", "@n.x", "@a + 1", "@len(b)", "@b * c"])
NUMBERS = st.one_of(st.integers(-2, 3), st.sampled_from([0.5, 1.0, 2.0]))


def clauses() -> st.SearchStrategy[Clause]:
    def of(ops: list[str], rhs: st.SearchStrategy[Any]) -> st.SearchStrategy[Clause]:
        return st.builds(Clause, st.sampled_from(ops), rhs)

    return st.one_of(
        of(["<", "<=", ">", ">="], st.one_of(NUMBERS, st.sampled_from(["", "ab"]), REFERENCES)),
        of(["==", "!="], st.one_of(VALUES.filter(lambda v: not isinstance(v, (Exotic, Number, bytes))), REFERENCES)),
        of(["in", "not_in"], st.one_of(st.lists(SCALARS, max_size=3), REFERENCES)),
        of(["present", "absent"], st.booleans()),
        of(
            ["type_is", "type_is_not"],
            st.one_of(st.sampled_from(["int", "float", "str", "bool", "list", "Number", "none"])),
        ),
        of(
            ["type_is", "type_is_not"],
            st.lists(st.sampled_from(["int", "dict", "Thing", "none"]), min_size=1, max_size=2),
        ),
        of(["divisible_by", "not_divisible_by"], st.one_of(st.integers(1, 3), st.just(0.5), REFERENCES)),
        of(["min_len", "max_len"], st.integers(0, 2)),
        of(["truthy", "falsy", "bool_is_number"], st.just(True)),
        of(["matches", "not_matches"], st.sampled_from(["^a", "b$", ""])),
    )


SUBJECTS = st.sampled_from(
    [
        *FIELDS,
        "a",
        "b",
        "len(a)",
        "number(a)",
        "a * b",
        "each(a)",
        "each(each(b))",
        "len(each(b))",
        "each(a) * c",
        "each(c).x",
        "each(each(c).x)",
        "each(steps(b))",
        "each(steps(each(b)))",
        "upper(c)",
        "first(b)",
        "last(each(b))",
        "keys(n)",
        "min(a, b)",
        "abs(a)",
        "-a",
        "platform",
    ]
)


def build(fields: dict[str, list[Clause]], defaults: dict[str, Any], severity: Severity = Severity.ERROR) -> Rule:
    return Rule(
        id="r",
        engine="e",
        library="lib",
        invariant_under_test="a rule",
        severity=severity,
        native_type="lib.Thing",
        miner_source=MinerSource("lib/x.py", "check", 3),
        match=Match("e", {subject: tuple(each) for subject, each in fields.items()}, defaults),
        kwargs_positive={},
        kwargs_negative={},
        expected_outcome=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        message_template=None,
        references=(),
        added_by=AddedBy.MANUAL_SEED,
        added_at="2026-01-01",
    )


def rules() -> st.SearchStrategy[Rule]:
    return st.builds(
        build,
        st.dictionaries(SUBJECTS, st.lists(clauses(), min_size=1, max_size=3), min_size=1, max_size=3),
        st.dictionaries(st.sampled_from(FIELDS), DEFAULTS, max_size=2),
        st.sampled_from(Severity),
    )


CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES,
        "b": VALUES,
        "c": VALUES,
        "n": st.one_of(VALUES, st.dictionaries(st.sampled_from("xy"), VALUES)),
    },
)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(rules(), min_size=1, max_size=5),
    st.lists(CONFIGS, min_size=1, max_size=4),
    st.sampled_from(["cpu", "cuda"]),
)
@example([build({"a": [Clause("==", "@a")]}, {})], [{"a": None}, {"a": 1}, {}], "cpu")
@example([build({"b": [Clause(">", 0)], "a": [Clause("==", "@b")]}, {"a": None})], [{"b": None}, {"b": 1}], "cpu")
def test_generated_tests_agree_with_the_reference(
    drawn: list[Rule], configs: list[dict[str, Any]], platform: str
) -> None:
    from dataclasses import replace

    numbered = tuple(replace(rule, id=f"r{number}") for number, rule in enumerate(drawn))
    corpus = Corpus("1.1.0", "e", "1.0", "2026-01-01T00:00:00Z", numbered, CONTEXT)
    checker = checker_from(compile_corpus(corpus))
    context = {"platform": platform}
    for config in configs:
        expected = [
            rule.id
            for rule in numbered
            if compile_match(rule.match, context_fields=CONTEXT, resolve=field_resolver(rule))(config, context)
        ]
        verdict = checker.check("lib.Thing", config, context=context)
        assert [violation.rule_id for violation in verdict.violations] == expected
