"""A value that a text does not tell is unknown: it rejects nothing, and the verdict says what depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants import UNKNOWN, Checker
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.checker.describe import depending
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import field_resolver
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Corpus, Rule
from pytest_llem_invariants.text.untold import is_many, is_untold
from tests.checker.demo import SAMPLING, SERVE, checker_from
from tests.checker.test_agreement import CONFIGS, SUBJECTS, build, clauses
from tests.checker.test_agreement import FIELDS as NAMES


@pytest.fixture
def demo(project: Path) -> Checker:
    return Checker.load("demo", root=".")


def told(verdict: Any) -> tuple[str, list[str], list[tuple[str, tuple[str, ...]]]]:
    return (
        verdict.status,
        [one.rule_id for one in verdict.violations],
        [(one.rule_id, one.facts) for one in verdict.depends],
    )


def test_what_depends_on_an_unknown_value_depends_and_the_rest_is_decided(demo: Checker) -> None:
    assert told(demo.check(SAMPLING, {"temperature": -1, "min_tokens": UNKNOWN})) == (
        "rejected",
        ["temperature_below_0"],
        [("min_above_max", ("config.min_tokens",))],
    )
    assert told(demo.check(SAMPLING, {"min_tokens": 3, "max_tokens": UNKNOWN})) == (
        "depends",
        [],
        [("min_above_max", ("config.max_tokens",))],
    )
    assert demo.check(SAMPLING, {"seed": UNKNOWN}).status == "accepted"


def test_what_is_known_to_be_false_leaves_nothing_open(demo: Checker) -> None:
    # Greedy sampling asks for a temperature of 0, whatever n is.
    assert told(demo.check(SAMPLING, {"n": UNKNOWN, "temperature": 1.0})) == ("accepted", [], [])


def test_an_unknown_field_is_unknown_whatever_its_value(demo: Checker) -> None:
    assert told(demo.check(SAMPLING, {"temprature": UNKNOWN})) == ("rejected", ["unknown_field"], [])


def test_what_is_unknown_inside_a_value_is_unknown_there(demo: Checker) -> None:
    assert told(demo.check(SERVE, {"cache": {"block_size": UNKNOWN}})) == (
        "depends",
        [],
        [("cache_block", ("config.block_size",))],
    )
    assert told(demo.check(SERVE, {"cache": UNKNOWN})) == ("accepted", [], [])


def test_fields_that_nobody_tells_may_replace_what_is_written_before_them(demo: Checker) -> None:
    assert told(demo.check(SERVE, {UNKNOWN: UNKNOWN, "tensor_parallel_size": 0})) == ("rejected", ["tp_low"], [])
    assert told(demo.check(SERVE, {"tensor_parallel_size": 0, UNKNOWN: UNKNOWN})) == (
        "depends",
        [],
        [("tp_low", ("config.*",))],
    )
    # The default of a field that may be given is none.
    assert told(demo.check(SAMPLING, {UNKNOWN: UNKNOWN, "min_tokens": 20})) == (
        "depends",
        [],
        [("min_above_max", ("config.*",))],
    )
    assert demo.check(SERVE, {UNKNOWN: UNKNOWN}).status == "accepted"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--tp", "$TP"], ("depends", ["tp_low"])),
        (["--tp=$TP"], ("depends", ["tp_low"])),
        (["--tp", "${TP:-2}"], ("depends", ["tp_low"])),
        (["--tp", "$(nproc)"], ("depends", ["tp_low"])),
        (["--tp", "{{ tp }}"], ("depends", ["tp_low"])),
        (["--tp", "{{", "tp", "|", "int", "}}"], ("depends", ["tp_low"])),
        (["--tp", "0", "--port", "a-{{", "b", "}}-c"], ("rejected", ["tp_low"])),
        (["--tp", "..."], ("depends", ["tp_low"])),
        (["--tp", "0", "..."], ("depends", ["tp_low"])),
        (["--tp", "0", "--cache", '{"block_size": $SIZE}'], ("rejected", ["tp_low"])),
        (["--tp", "0", "--port", "$PORT"], ("rejected", ["tp_low"])),
        (["--tp", "0", "$EXTRA"], ("depends", ["tp_low"])),
        (["--tp", "0", '$@'], ("depends", ["tp_low"])),
        (["--tp", "0", "${ARGS[@]}"], ("depends", ["tp_low"])),
        (["$EXTRA", "--tp", "0"], ("rejected", ["tp_low"])),
        (["--$NAME", "1", "--tp", "0"], ("rejected", ["tp_low"])),
        (["--tensor-parallel-size", "0", "--$NAME", "1"], ("depends", ["tp_low"])),
    ],
    ids=str,
)  # fmt: skip
def test_a_word_that_a_shell_or_a_template_fills_in_is_unknown(
    demo: Checker, words: list[str], expected: tuple[str, list[str]]
) -> None:
    verdict = demo.check_command(["demo", "serve", "m", *words])
    ids = [one.rule_id for one in verdict.violations] + [one.rule_id for one in verdict.depends]
    assert (verdict.status, ids) == expected


def test_an_unknown_value_in_a_document_is_unknown_too(demo: Checker) -> None:
    for value in ("$TP", "{{ tp }}", "${TP}", "...", UNKNOWN):
        assert demo.check_config({"model": "$MODEL", "tensor_parallel_size": value}, form="serve").status == "depends"
    assert demo.check_config({"tensor_parallel_size": 0, "{{ more }}": 1}, form="serve").status == "depends"


@pytest.mark.parametrize(
    "text", ["$A", "a/${A}/b", "$(ls)", "`ls`", "{{x}}", "{% if x %}", "...", " … ", '{"a": ...}', "$1"]
)
def test_text_that_does_not_tell_its_value(text: str) -> None:
    assert is_untold(text)


@pytest.mark.parametrize(
    "text", ["a", "", "$", "5$", "^x$", '{"a": "x$"}', "{}", "{{", "a...b", r"\$A", "`", "$ 5", "%d"]
)
def test_text_that_tells_its_value(text: str) -> None:
    assert not is_untold(text)


def test_words_that_stand_for_any_number_of_words() -> None:
    assert all(map(is_many, ["$@", "$*", "${@:2}", "${ARGS[@]}", "${ARGS[*]}", "...", "…"]))
    assert not any(map(is_many, ["$A", "${A}", "a", "$(ls)"]))


def test_the_command_says_in_one_line_what_is_not_written_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", "--root", ".", "--verbose", "--", "demo", "serve", "$MODEL", "--tp", "$TP"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "depends on what is not written out (1 rule) — pass what it stands for" in out
    assert "error if tensor_parallel_size is below 1: --tp" in out
    assert "must be at least 1, got …" in out


def test_what_depends_on_a_fact_as_well_names_both(demo: Checker) -> None:
    verdict = demo.check(SERVE, {"graphs": UNKNOWN}, context={})
    assert [one.rule_id for one in verdict.depends] == ["cuda_only"]
    assert depending(verdict) == ["depends on what is not written out (1 rule) — pass what it stands for"]


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from(["", "x", 0.5]), st.just([1]), st.just({"x": 1})
)


def rules() -> st.SearchStrategy[Rule]:
    asked = st.lists(clauses(), min_size=1, max_size=2)
    defaults = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2), max_size=2)
    return st.builds(build, st.dictionaries(SUBJECTS, asked, min_size=1, max_size=3), defaults)


def filled(value: Any, fill: Any) -> Any:
    if value is UNKNOWN:
        return fill
    if isinstance(value, dict):
        return {key: filled(item, fill) for key, item in value.items()}
    return [filled(item, fill) for item in value] if isinstance(value, list) else value


def blanked(value: Any, draw: Any) -> Any:
    """A value of which some part is not told."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        return {key: blanked(item, draw) for key, item in value.items()}
    if type(value) is list and value and draw(st.booleans()):
        return [blanked(item, draw) for item in value]
    return UNKNOWN if draw(st.booleans()) else value


def triggered(drawn: Rule, config: Mapping[str, Any]) -> bool:
    return compile_match(drawn.match, resolve=field_resolver(drawn, context=()))(config, {})


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rules(), min_size=1, max_size=4), CONFIGS, st.lists(VALUES, min_size=1, max_size=4), st.data())
def test_what_is_told_beside_an_unknown_value_holds_whatever_it_is(
    drawn: list[Rule], config: dict[str, Any], fills: list[Any], data: Any
) -> None:
    numbered = {f"r{number}": replace(rule, id=f"r{number}") for number, rule in enumerate(drawn)}
    checker = checker_from(
        compile_corpus(Corpus("1.2.0", "e", "1.0", "2026-01-01T00:00:00Z", tuple(numbered.values()), {}))
    )
    open_config = {field: blanked(value, data.draw) for field, value in config.items()}
    verdict = checker.check("lib.Thing", open_config)
    certain = {one.rule_id for one in verdict.violations}
    depends = {one.rule_id for one in verdict.depends}
    for fill in fills:
        fired = {name for name, one in numbered.items() if triggered(one, filled(open_config, fill))}
        assert certain <= fired <= certain | depends


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rules(), min_size=1, max_size=4), CONFIGS, CONFIGS, CONFIGS)
def test_what_is_told_beside_unknown_fields_holds_whatever_they_are(
    drawn: list[Rule], before: dict[str, Any], behind: dict[str, Any], further: dict[str, Any]
) -> None:
    numbered = {f"r{number}": replace(rule, id=f"r{number}") for number, rule in enumerate(drawn)}
    checker = checker_from(
        compile_corpus(Corpus("1.2.0", "e", "1.0", "2026-01-01T00:00:00Z", tuple(numbered.values()), {}))
    )
    before = {field: value for field, value in before.items() if field not in behind}
    verdict = checker.check("lib.Thing", {**before, UNKNOWN: UNKNOWN, **behind})
    whole = {**before, **further, **behind}
    fired = {name for name, one in numbered.items() if triggered(one, whole)}
    assert {one.rule_id for one in verdict.violations} <= fired
