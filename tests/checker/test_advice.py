"""Of the ways out of a rule, those are told that change what somebody wrote, in the words of the document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_llem_invariants.checker.advice import advice, edits, is_negated
from pytest_llem_invariants.checker.describe import by_cause, describe, distinct, worth_telling
from pytest_llem_invariants.checker.heard import heard
from pytest_llem_invariants.checker.telling import told
from pytest_llem_invariants.checker.verdict import Violation, render
from pytest_llem_invariants.model import Clause
from tests.evidence.test_soundness import rule

PRODUCT = ["set tp * pp to at most device.count", ["tp", "pp"], False, "device.count", False]
BACKEND = ["set backend", ["backend"], True, None, False]
SILENT = ["set local to 0", ["local"], False, None, False]
VALUES = {"tp": 4, "pp": 1, "device.count": 2}


def test_what_was_written_comes_first_and_what_stands_at_its_default_is_no_cause() -> None:
    assert advice([SILENT, BACKEND, PRODUCT], {"tp": "-tp"}, VALUES) == "set -tp to at most 2 or set backend"


def test_of_a_product_the_one_field_that_was_written_is_solved_for() -> None:
    ways = [PRODUCT]
    assert advice(ways, {"tp": "tp"}, {"tp": 4, "pp": 2, "device.count": 8}) == "set tp to at most 4"
    assert advice(ways, {"tp": "tp", "pp": "pp"}, VALUES) == PRODUCT[0]
    assert advice(ways, {"tp": "tp"}, {"tp": 4, "device.count": 8}) == PRODUCT[0]  # who knows what pp is
    assert advice(ways, {"tp": "tp"}, {"tp": 4, "pp": 4, "device.count": 2}) == PRODUCT[0]  # no number will do


@pytest.mark.parametrize(
    ("target", "now", "values"),
    [
        (["values", 1, 2], 0, [1, 2]),
        (["fact", "device.count", 0], 4, [2]),
        (["fact", "device.count", -1], 4, [1]),
        (["fact", "device.name", 0], "x", []),
        (["multiple", 16], 40, [32, 48]),
        (["multiple", 16], 5, [16]),
        (["divisor", "heads"], 5, [4]),
        (["divisor", "heads"], 10**9, []),
        (["divisor", "unknown"], 5, []),
    ],
)
def test_a_way_says_which_value_to_write(target: list[object], now: object, values: list[object]) -> None:
    """The sentence and the edit come from the same way."""
    way = ["change tp", ["tp"], False, None, False, target]
    facts = {"tp": now, "device.count": 2, "heads": 32}
    assert [(one.kind, one.field, one.new) for one in edits([way], {"tp": "-tp"}, facts)] == [
        ("set", "-tp", value) for value in values
    ]


def test_of_a_mapping_with_a_key_that_it_may_not_have_that_key_is_told() -> None:
    ways = [
        ["give c as something other than dict", ["c"], False, None, False, None],
        ["choose", ["c"], False, None, False, ["keys", "num_tokens_here", "num-tokens-here", "method"]],
    ]
    told = {"c": {"num_token_here": 1, "method": 2, "other": 3}}
    expected = "in --c write num_tokens_here instead of num_token_here and leave other out"
    assert advice(ways, {"c": "--c"}, told) == expected
    assert [(one.kind, one.inner, one.new) for one in edits(ways, {"c": "--c"}, told)] == [
        ("rename", "num_token_here", "num_tokens_here"),
        ("out", "num_token_here", None),
        ("out", "other", None),
    ]
    assert advice(ways, {"c": "--c"}, {"c": 1}).startswith("give --c as something other than dict or choose")


def test_of_no_config_in_particular_every_way_is_told() -> None:
    assert advice([SILENT, PRODUCT], {}, {}) == "set local to 0 or set tp * pp to at most device.count"


def test_a_field_that_was_written_as_its_opposite_keeps_its_own_name_where_that_is_turned() -> None:
    ways = [
        ["leave enable_x out", ["enable_x"], False, None, True],
        ["turn enable_x on", ["enable_x"], False, None, False],
    ]
    written = {"enable_x": "--no-enable-x"}
    assert advice(ways, written, {}) == "leave --no-enable-x out or turn enable_x on"
    assert is_negated("enable_x", "--no-enable-x")
    assert not is_negated("no_progress", "--no-progress")


def test_a_name_is_replaced_where_it_stands_alone() -> None:
    ways = [["set max_len to at most max_len_total or 'max_len'", ["max_len"], False, None, False]]
    assert advice(ways, {"max_len": "--max-len"}, {}) == "set --max-len to at most max_len_total or 'max_len'"


def test_the_hole_that_held_what_a_rule_computes_is_filled_with_what_it_computes_of_a_config() -> None:
    one = rule({"count": (Clause("<", "@tp * pp"),)}, {"count": 8, "pp": 16}, {"count": 8}, tp=1)
    template = ["world size (", "{world_size}", ") beyond ", "{count}", ""]
    pieces = heard(template, ["world size (16) beyond 8"], one, ["count", "tp", "pp"])
    assert pieces[1] == "{tp * pp}"


def test_a_message_tells_the_product_that_was_compared() -> None:
    one = rule({"count": (Clause("<", "@tp * pp"),)}, {"count": 8, "pp": 16}, {"count": 8}, tp=1)
    one = replace(one, message_template="world size ({world_size}) beyond the devices ({count})")
    words = told(one, ["count", "tp", "pp"], ["world size (16) beyond the devices (8)"])
    assert words is not None
    assert render(words, {"count": 2, "tp": 4, "pp": 1}) == "world size (4) beyond the devices (2)"
    assert render(words, {"count": 2, "tp": 4}) == "world size (…) beyond the devices (2)"


def test_what_is_announced_about_one_field_is_one_finding_and_errors_stay_apart() -> None:
    def violation(number: int, severity: str, *written: str) -> Violation:
        entry = {"id": f"r{number}", "severity": severity, "summary": f"s{number}", "guard": f"a.py:{number}"}
        return Violation(
            {**entry, "suggestion": "", "certification": "full"}, "demo.A", written, dict.fromkeys(written, 1)
        )

    eager = [violation(1, "warn", "eager"), violation(2, "warn", "eager"), violation(3, "error", "eager")]
    groups = by_cause([*eager, violation(4, "error", "eager"), violation(5, "warn", "eager", "n")])
    assert [[one.rule_id for one in group] for group in groups] == [["r1", "r2"], ["r3"], ["r4"], ["r5"]]
    first, *more = groups[0]
    assert describe(first, "a.yaml", more=more)[:3] == ["a.yaml: warning: eager=1", "  s1", "  s2"]


def test_what_a_switch_is_announced_to_do_is_not_told_to_whoever_turned_it_on() -> None:
    def violation(number: int, severity: str, *fields: str) -> Violation:
        entry = {"id": f"r{number}", "severity": severity, "summary": f"s{number}", "guard": f"a.py:{number}"}
        written = {field: f"--{field}" for field in fields}
        rule = {**entry, "suggestion": "", "certification": "full"}
        return Violation(rule, "demo.A", fields, dict.fromkeys(fields, True), written=written)

    said = [violation(1, "warn", "eager"), violation(2, "error", "eager", "n"), violation(3, "warn", "eager", "m")]
    assert [one.rule_id for one in worth_telling(said, ["eager"])] == ["r2", "r3"]
    assert worth_telling(said) == distinct(said)
