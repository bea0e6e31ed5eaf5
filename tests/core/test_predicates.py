"""What each operator means, and the laws that all of them obey."""

from __future__ import annotations

import math
import operator
from enum import Enum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.language.expressions import FUNCTIONS, MISSING, ExpressionError, parse, read_path
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import (
    PredicateError,
    canonical_operator,
    compile_match,
    referenced_fields,
    validate_clause,
)
from pytest_llem_invariants.model import Clause, Match, TypedValue
from tests.core.strategies import ANY_VALUE, CLAUSES, NUMBERS, Hostile

ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


def holds(fields: dict[str, dict[str, Any]], config: dict[str, Any], **rest: Any) -> bool:
    match = Match(
        "fake",
        {subject: tuple(Clause(op, rhs) for op, rhs in clauses.items()) for subject, clauses in fields.items()},
        rest.pop("defaults", {}),
    )
    return compile_match(match, **rest)(config, rest.pop("context", {}))


EXAMPLES = [
    (one.name, example.rhs, example.yes, example.no)
    for one in OPERATORS.values()
    if not one.is_modifier
    for example in one.examples
]


@pytest.mark.parametrize(("op", "rhs", "yes", "no"), EXAMPLES)
def test_operator(op: str, rhs: Any, yes: tuple[Any, ...], no: tuple[Any, ...]) -> None:
    assert [value for value in yes if not holds({"x": {op: rhs}}, {"x": value})] == []
    assert [value for value in no if holds({"x": {op: rhs}}, {"x": value})] == []


@pytest.mark.parametrize(("alias", "op"), [("equals", "=="), ("not_equal", "!="), ("multiple_of", "divisible_by")])
def test_alias(alias: str, op: str) -> None:
    assert canonical_operator(alias) == op


def test_unknown_operator_names_the_known_ones() -> None:
    with pytest.raises(PredicateError, match="not_divisible_by"):
        canonical_operator("divides")


@pytest.mark.parametrize(
    ("op", "rhs"),
    [
        ("<", [1]),
        ("in", 3),
        ("present", "yes"),
        ("divisible_by", 0),
        ("min_len", -1),
        ("min_len", 1.5),
        ("type_is", 3),
        ("type_is", []),
        ("matches", "("),
        ("truthy", False),
        ("<", "@not a field"),
        ("<", "@each(x)"),
        ("==", "@"),
    ],
)
def test_a_clause_that_cannot_be_evaluated_is_refused(op: str, rhs: Any) -> None:
    with pytest.raises(PredicateError):
        validate_clause(Clause(op, rhs))


def test_a_missing_field_triggers_nothing_but_absence() -> None:
    triggered = [(op, rhs) for op, rhs, *_ in EXAMPLES if holds({"x": {op: rhs}}, {})]
    assert triggered == [("==", None), ("in", [1, None]), ("present", False), ("absent", True), ("falsy", True)]


def test_a_default_stands_for_what_is_not_given_and_not_for_none() -> None:
    fields = {"low": {">": "@high"}}
    assert holds(fields, {"low": 17}, defaults={"high": 16})
    assert not holds(fields, {"low": 17, "high": None}, defaults={"high": 16})
    assert not holds(fields, {"low": 17})


def test_clauses_and_fields_are_anded() -> None:
    fields = {"x": {">": 0, "<": 9}, "y": {"==": "on"}}
    assert holds(fields, {"x": 5, "y": "on"})
    assert not holds(fields, {"x": 5, "y": "off"})
    assert not holds(fields, {"x": 9, "y": "on"})


def test_references_reach_siblings_and_paths() -> None:
    assert holds({"a": {">": "@b.c"}}, {"a": 2, "b": {"c": 1}})
    assert not holds({"a": {">": "@b.c"}}, {"a": 2, "b": None})
    assert holds({"a": {"==": "@@b"}}, {"a": "@b"})


def test_bools_count_as_numbers_only_where_the_rule_says_so() -> None:
    assert not holds({"x": {"<": 1}}, {"x": False})
    assert holds({"x": {"<": 1, "bool_is_number": True}}, {"x": False})


def test_nan_is_what_differs_from_itself() -> None:
    assert holds({"x": {"!=": "@x"}}, {"x": math.nan})
    assert not holds({"x": {"!=": "@x"}}, {"x": 1.0})


def test_expressions() -> None:
    assert holds({"a * b": {"<=": 1}}, {"a": 1, "b": 1})
    assert not holds({"a * b": {"<=": 1}}, {"a": 1})
    assert holds({"len(x)": {"!=": 2}}, {"x": [1]})
    assert holds({"a": {"not_divisible_by": "@b // 2"}}, {"a": 5, "b": 4})
    assert holds({"min(a, b)": {"==": 1}}, {"a": 1, "b": 2})


def test_each_asks_for_some_element() -> None:
    assert holds({"each(x)": {"<": 0}}, {"x": [1, -1]})
    assert not holds({"each(x)": {"<": 0}}, {"x": [1, 2]})
    assert not holds({"each(x)": {"==": "a"}}, {"x": "abc"})
    assert holds({"each(keys(x))": {"==": "k"}}, {"x": {"k": 1}})
    assert holds({"each(each(x))": {"==": 3}}, {"x": [[1], [3]]})


def test_what_is_asked_of_an_element_may_be_computed() -> None:
    assert holds({"len(each(x)) * n": {">": 3}}, {"x": ["a", "bb"], "n": 2})
    assert not holds({"len(each(x)) * n": {">": 4}}, {"x": ["a", "bb"], "n": 2})
    assert holds({"each(x).k": {"==": 2}}, {"x": [{"k": 1}, {"k": 2}]})
    assert holds({"each(x).k.m": {"==": 2}}, {"x": [{"k": {"m": 2}}]})
    assert holds({"each(x).k": {"==": 2}}, {"x": [TypedValue("lib.Thing", {"k": 2})]})
    assert not holds({"each(x).k": {"==": 2}}, {"x": [{}, 2, None], "k": 2})
    assert holds({"each(x).k": {"absent": True}}, {"x": [{"k": 1}, {}]})
    assert holds({"each(each(x).k)": {"==": 2}}, {"x": [{"k": [1]}, {"k": [2]}]})
    assert holds({"each(steps(each(values(x))))": {"<": 0}}, {"x": {"rising": [1, 2], "falling": [2, 1]}})


_ALIKE = [0, 0.0, -0.0, 2**53, 2**53 + 1, 2.0**53]
_LISTS_OF_NUMBERS = st.lists(st.one_of(st.integers(), st.floats(), st.sampled_from(_ALIKE)), max_size=5)


@given(_LISTS_OF_NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "=="]))
def test_a_step_says_of_two_neighbours_what_python_says(numbers: list[Any], op: str) -> None:
    compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}[op]
    said = holds({"each(steps(x))": {op: 0}}, {"x": numbers})
    assert said == any(compare(other, one) for one, other in pairwise(numbers))


def test_only_lists_of_numbers_have_steps() -> None:
    for value in ("ba", ["b", "a"], [True, False], [1, None], {2: 1, 1: 2}, None):
        assert parse("steps(x)").evaluate(lambda name, value=value: value) is MISSING


NO_EXPRESSIONS = ["", "a +", "f(x)", "each(a) + each(b)", "len(a).b", "each(a, b)", "a if b else c", "1 + 2"]


@pytest.mark.parametrize("text", [*NO_EXPRESSIONS, "a[0]", "lambda: a", "len(a, b)"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_keywords_may_name_fields() -> None:
    assert holds({"lambda": {"==": 1}, "from.import": {"==": 2}}, {"lambda": 1, "from": {"import": 2}})


def test_context_fields_are_read_from_the_context() -> None:
    match = Match("fake", {"platform": (Clause("==", "cuda"),), "x": (Clause("<", 0),)})
    compiled = compile_match(match, context_fields=["platform"])
    assert compiled({"x": -1}, {"platform": "cuda"})
    assert not compiled({"x": -1, "platform": "cuda"}, {"platform": "cpu"})


def test_referenced_fields_are_told_once_and_in_order() -> None:
    match = Match("fake", {"a * b": (Clause("<", "@c"),), "c": (Clause("!=", "@a"),)})
    assert referenced_fields(match) == ("a", "b", "c")


@given(CLAUSES, ANY_VALUE)
def test_an_operator_and_its_negation_never_agree_on_a_set_value(clause: Clause, value: Any) -> None:
    negation = OPERATORS[clause.op].negation
    if negation is None or value is None:
        return
    assert not (
        holds({"x": {clause.op: clause.rhs}}, {"x": value}) and holds({"x": {negation: clause.rhs}}, {"x": value})
    )


@given(CLAUSES, NUMBERS)
def test_on_numbers_other_than_bool_and_nan_exactly_one_of_both_holds(clause: Clause, value: float) -> None:
    negation = OPERATORS[clause.op].negation
    if clause.op not in ("==", "!=", "in", "not_in", "present", "absent", "type_is", "type_is_not", "truthy", "falsy"):
        return
    assert negation is not None
    assert holds({"x": {clause.op: clause.rhs}}, {"x": value}) != holds({"x": {negation: clause.rhs}}, {"x": value})


@given(CLAUSES, ANY_VALUE, ANY_VALUE)
@settings(max_examples=200)
def test_nothing_raises(clause: Clause, value: Any, other: Any) -> None:
    _ask_everything(clause, value, other)


@pytest.mark.parametrize(
    "value", [Hostile(), ENDLESS, Hostile, {"x": Hostile()}], ids=["hostile", "endless", "class", "held"]
)
@pytest.mark.parametrize(("op", "rhs"), [(op, rhs) for op, rhs, *_ in EXAMPLES])
def test_nothing_raises_on_a_foreign_object(op: str, rhs: Any, value: Any) -> None:
    _ask_everything(Clause(op, rhs), value, value)


def _ask_everything(clause: Clause, value: Any, other: Any) -> None:
    holds({"x": {clause.op: clause.rhs}}, {"x": value})
    holds({"x": {clause.op: "@y"}}, {"x": value, "y": other})
    holds({"x * y": {clause.op: clause.rhs}, "each(x)": {clause.op: clause.rhs}}, {"x": value, "y": other})
    holds({"a.b.c": {clause.op: clause.rhs}}, {"a": value})


@given(ANY_VALUE, ANY_VALUE)
def test_equality_is_symmetric(left: Any, right: Any) -> None:
    assert same(left, right) == same(right, left)


def test_huge_integers_do_not_stall() -> None:
    assert holds({"x": {">": 1}}, {"x": 10**5000})
    assert not holds({"x * y": {">": 1}}, {"x": 10**5000, "y": 10**5000})


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


EQUALITY: list[tuple[Any, Any, bool]] = [
    (1, 1.0, True),
    (1, True, False),
    (0.0, -0.0, True),
    ((1, [2]), [1, (2,)], True),
    ({"a": (1,)}, {"a": [1]}, True),
    ({"a": 1}, {"a": True}, False),
    (Colour.RED, "red", True),
    (Colour.RED, Colour.RED, True),
    (Colour.RED, Colour.BLUE, False),
    ([Colour.RED], ["red"], True),
    (TypedValue("lib.Other", {"x": (1,)}), TypedValue("lib.Other", {"x": [1]}), True),
    (TypedValue("lib.Other"), TypedValue("lib.Else"), False),
    (TypedValue("lib.Other"), {}, False),
    (math.nan, math.nan, False),
    (10**400, math.inf, False),
    (ENDLESS, [ENDLESS], False),
    (Hostile(), Hostile(), False),
    ([Hostile()], [1], False),
]


@pytest.mark.parametrize(("left", "right", "equal"), EQUALITY, ids=map(str, range(len(EQUALITY))))
def test_equality(left: Any, right: Any, equal: bool) -> None:
    assert same(left, right) is equal
    assert same(right, left) is equal


@pytest.mark.parametrize(
    "text", ["+".join(["a"] * 5000), "(" * 3000 + "a" + ")" * 3000, "-" * 3000 + "a", "abs(" * 900 + "a" + ")" * 900]
)
def test_an_endless_expression_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(ExpressionError, match="longer than"):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    for value in (3, "x", [1], None, MISSING, math.nan, 10**3000):
        expression_value = list(expression.elements(lambda name, value=value: value))
        assert expression.has_each or len(expression_value) == 1


EXPRESSIONS = [
    ("a + b", {"a": 1, "b": 2}, 3),
    ("a - b", {"a": 1, "b": 2.5}, -1.5),
    ("a * b", {"a": 3, "b": True}, 3),
    ("a // b", {"a": 7, "b": 2}, 3),
    ("a / b", {"a": 1, "b": 4}, 0.25),
    ("a % b", {"a": 7, "b": 4}, 3),
    ("a % b", {"a": 7, "b": 0}, MISSING),
    ("a / b", {"a": 10**400, "b": 3}, MISSING),
    ("a * b", {"a": "x", "b": 3}, MISSING),
    ("a * b", {"a": None, "b": 3}, MISSING),
    ("a + 1", {}, MISSING),
    ("-a", {"a": 2}, -2),
    ("-a", {"a": "x"}, MISSING),
    ("len(a)", {"a": "four"}, 4),
    ("len(a)", {"a": 4}, MISSING),
    ("min(a, b)", {"a": 4, "b": 2}, 2),
    ("max(a)", {"a": [1, 3]}, 3),
    ("max(a)", {"a": []}, MISSING),
    ("max(a)", {"a": [1, "x"]}, MISSING),
    ("abs(a)", {"a": -2}, 2),
    ("sum(a)", {"a": [1, 2]}, 3),
    ("sum(a)", {"a": ["x"]}, MISSING),
    ("lower(a)", {"a": "X"}, "x"),
    ("upper(a)", {"a": "x"}, "X"),
    ("upper(a)", {"a": 1}, MISSING),
    ("steps(a)", {"a": [1, 2.5, 2.5, 0]}, [1, 0, -1]),
    ("steps(a)", {"a": [1]}, []),
    ("first(a)", {"a": [1, 2]}, 1),
    ("first(a)", {"a": "xy"}, "x"),
    ("first(a)", {"a": []}, MISSING),
    ("first(a)", {"a": {0: 1}}, MISSING),
    ("last(a)", {"a": [1, 2]}, 2),
    ("last(a)", {"a": ""}, MISSING),
    ("strip(a)", {"a": " x "}, "x"),
    ("number(a)", {"a": 1.5}, 1.5),
    ("number(a)", {"a": True}, MISSING),
    ("number(a)", {"a": " -1_000 "}, -1000),
    ("number(a)", {"a": "1.5e-1"}, 0.15),
    ("number(a)", {"a": "-inf"}, float("-inf")),
    ("number(a)", {"a": "9" * 500}, MISSING),
    ("number(a)", {"a": "0x10"}, MISSING),
    ("number(a)", {"a": "1__0"}, MISSING),
    ("keys(a)", {"a": {"k": 1}}, ["k"]),
    ("values(a)", {"a": {"k": 1}}, [1]),
    ("keys(a)", {"a": [1]}, MISSING),
    ("len(distinct(a))", {"a": [1, 1, 2]}, 2),
    ("distinct(a)", {"a": [[1]]}, MISSING),
    ("distinct(a)", {"a": "aa"}, MISSING),
    ("a.b * 2", {"a": {"b": 2}}, 4),
]


@pytest.mark.parametrize(("text", "config", "value"), EXPRESSIONS)
def test_the_value_of_an_expression(text: str, config: dict[str, Any], value: Any) -> None:
    assert parse(text).evaluate(lambda name: read_path(config, name)) == value


def test_the_table_above_covers_every_function() -> None:
    assert all(any(f"{name}(" in text for text, *_ in EXPRESSIONS) for name in FUNCTIONS)
