from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.checker.heard import heard
from pytest_llem_invariants.model import ContextField, ObservedException
from tests.checker.demo import SAMPLING, checker_from, checker_of, corpus_of, evidence, rule

PYDANTIC = (
    "1 validation error for Thing\n{}\n  Input should be greater than 0 [type=greater_than, input_value={{…}}, "
    "input_type={{…}}]\n    For further information visit https://errors.pydantic.dev/<version>/v/greater_than"
)


@pytest.mark.parametrize(
    ("template", "given", "expected"),
    [
        ("a is {a}", {"a": 1}, "a is 1"),
        ("a is {self.a!r}", {"a": "x"}, "a is 'x'"),
        ("a is {a:.2f}", {"a": 1.5}, "a is 1.5"),
        ("{b} and {a}", {"a": 1}, "… and 1"),
        ("a must be low, got {…}", {"a": 1}, "a must be low, got 1"),
        ("{…} must be low, got {…}", {"a": 1}, "a must be low, got 1"),
        ("must be low, got {…}", {"a": 1}, "must be low, got 1"),
        ("{…} must be low", {"a": 1}, "a must be low"),
        ("a is {…} {…} {…}", {"a": 1}, "a is … … …"),
        ("a is bad, got {…} (a, {…}", {"a": 1}, "a is bad, got 1 (a, …)"),
        ("{…} of {…}", {"a": 1, "b": 2}, "… of …"),
        ("a {…} is above b {…}", {"a": 2, "b": 1}, "a (2) is above b (1)"),
        ("a {…} is above derived a {…}", {"a": 2}, "a (2) is above derived a …"),
        ("{{a}} is {a}", {"a": 1}, "{a} is 1"),
        ("open { brace", {"a": 1}, "open { brace"),
        ("got {a}", {"a": "{b}"}, "got {b}"),
        ("`b` is off, but `{flag_name}` is `{flag_value}`", {"a": 3, "b": 0}, "`b` is off, but `a` is `3`"),
        ("{key} should be {correct_value} but found {found_value}", {"a": 3}, "a should be … but found 3"),
        ("a is of {type(a).__name__}", {"a": 3}, "a is of int"),
        ("a is of {a.__class__}", {"a": 3}, "a is of int"),
        ("a has {len(self.a)} elements", {"a": [1, 2]}, "a has 2 elements"),
        ("a has {len(a)} elements", {"a": 5}, "a has … elements"),
        ("'<' not supported, {…} not supported between", {"a": 5}, "'<' not supported, … not supported between"),
        ("{…} not supported between instances", {"a": 5}, "… not supported between instances"),
        ("\na{…}\n  Input should be a valid integer", {"a": "x"}, "a: Input should be a valid integer"),
        (PYDANTIC.format("a"), {"a": 0}, "a: Input should be greater than 0"),
        ("1 validation error for T\n  Value error, no {a} here", {"a": 0}, "no 0 here"),
    ],
)
def test_a_hole_is_filled_where_it_can_only_mean_one_thing(template: str, given: dict[str, Any], expected: str) -> None:
    is_set = {field: {"present": True} for field in given}
    (violation,) = checker_of([rule("r", is_set, template=template)]).check(SAMPLING, given).violations
    assert violation.message == expected


def test_a_fact_is_told_where_the_librarys_own_number_was_heard() -> None:
    longer = rule("r", {"n": {">": "@model.arch.length"}}, template="n {…} is above the derived n {…}).")
    longer = replace(longer, kwargs_positive={"n": 4096}, world={"model.arch.length": 2048})
    context = {"model.arch.length": ContextField(1024, (1024, 2048), assumed=False, type="int")}
    corpus = replace(corpus_of([longer]), context=context)
    said = ObservedException("ValueError", "n (4096) is above the derived n (max=2048.0).")
    found = evidence(corpus)
    validated = replace(found, cases=tuple(replace(case, observed_exception=said) for case in found.cases))
    checker = checker_from(compile_corpus(corpus, validated))
    (violation,) = checker.check(SAMPLING, {"n": 9000}, context={"model.arch.length": 8192}).violations
    assert violation.message == "n (9000) is above the derived n (max=8192)."


def test_a_list_of_choices_is_told_from_the_rule() -> None:
    chosen = rule("r", {"mode": {"not_in": ["fast", "exact"]}}, template="choose one of {valid_modes}, not {mode}")
    (violation,) = checker_of([chosen]).check(SAMPLING, {"mode": "slow"}).violations
    assert violation.message == "choose one of ['fast', 'exact'], not slow"


@pytest.mark.parametrize("template", ["{…} {…}", "\na{…}\n  ", "a: {…}"])
def test_a_template_of_holes_and_the_field_alone_gives_way_to_the_rule_in_words(template: str) -> None:
    (violation,) = checker_of([rule("r", {"a": {"<": 1}}, template=template)]).check(SAMPLING, {"a": 0}).violations
    assert violation.message == "Sampling rejects a config where a is below 1"


def test_a_value_that_is_not_given_is_an_ellipsis() -> None:
    unset = rule("r", {"a": {"present": True}, "b": {"absent": True}}, template="a is {a}, b is {b}")
    (violation,) = checker_of([unset]).check(SAMPLING, {"a": 0}).violations
    assert violation.message == "a is 0, b is …"


@pytest.mark.parametrize(
    ("template", "example", "observed", "given", "expected"),
    [
        ("a {…} must be 1", {"a": "x"}, "a 'x'. must be 1", {"a": "y"}, "a 'y'. must be 1"),
        ("bad a, {…} twice", {"a": 7}, "bad a, value=7) twice", {"a": 8}, "bad a, value=8) twice"),
        (
            "bad: {…}",
            {"a": 7},
            "1 validation error for T\n  Value error, bad: 7 [type=x, input_type=int]",
            {"a": 8},
            "bad: 8",
        ),
        ("no {…} of {…}", {"a": 7, "b": 8}, "no 8 of 7", {"a": 1, "b": 2}, "no 2 of 1"),
        ("wanted {…} of it", {"a": True}, "wanted bool of it", {"a": 3}, "wanted int of it"),
        ("one of {KNOWN}, not {a}", {"a": 7}, "one of (1, 2), not 7", {"a": 8}, "one of (1, 2), not 8"),
        # What the rule itself names may stand there in its own right: only where a value is expected is it one.
        ("in (0, {…} a, got {…}", {"a": 5}, "in (0, 5) a, got 5.", {"a": 6}, "in (0, … a, got 6."),
        ("no {…} of {…}", {"a": 7, "b": 7}, "no 7 of 7", {"a": 1, "b": 2}, "no … of …"),
        ("not what was said {…}", {"a": 7}, "something else", {"a": 8}, "not what was said …"),
    ],
)
def test_what_was_heard_of_the_example_says_what_a_hole_holds(
    template: str, example: dict[str, Any], observed: str, given: dict[str, Any], expected: str
) -> None:
    fields: dict[str, dict[str, Any]] = {field: {"present": True} for field in given}
    fields["a"] = {"!=": 99, "not_in": [5]} if "(0," not in template else {"in": [5, 6]}
    one = replace(rule("r", fields, template=template), kwargs_positive=example)
    corpus = corpus_of([one])
    known = evidence(corpus)
    case = replace(known.cases[0], observed_exception=ObservedException("ValueError", observed))
    checker = checker_from(compile_corpus(corpus, replace(known, cases=(case,))))
    (violation,) = checker.check(SAMPLING, given).violations
    assert violation.message == expected


def test_a_bound_on_a_number_in_text_is_told_of_the_field() -> None:
    bounded = rule("r", {"a": {"type_is": "str"}, "number(a)": {"<": 1}})
    checker = checker_of([bounded])
    (violation,) = checker.check(SAMPLING, {"a": " 0 "}).violations
    assert violation.message.endswith("where a is of type str and the number in a is below 1")
    assert violation.suggestion == "set a to at least 1"
    assert checker.check(SAMPLING, {"a": "1"}).ok
    assert checker.check(SAMPLING, {"a": "none"}).ok


def test_the_sign_of_an_operator_is_no_value_of_the_config() -> None:
    sign = replace(rule("r", {"n": {"type_is": "str"}}), kwargs_positive={"n": "<"})
    signs = heard(["", "{…}", " not supported between them"], ["'<' not supported between them"], sign, ["n"])
    assert signs[1] == "{…}"
