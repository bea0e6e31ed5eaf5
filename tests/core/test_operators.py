"""A record says all that an operator is: each part of each record is asked here for what the others say."""

from __future__ import annotations

from collections import UserDict
from pathlib import Path
from typing import Any

import pytest

from miners.candidates.naming import rule_name
from pytest_llem_invariants.checker.fast import FAST
from pytest_llem_invariants.checker.suggest import suggestion
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.inverse import wanted_values
from pytest_llem_invariants.language.operators import ALIASES, FAMILIES, MIRROR, OPERATORS, Negated, Operator
from pytest_llem_invariants.language.operators.record import Example
from pytest_llem_invariants.language.predicates import validate_clause
from pytest_llem_invariants.language.wording import say_clause
from pytest_llem_invariants.model import Clause, Match, Severity
from tests.core.operator_cases import ASKING, VALUES, kind_of, values_for

each_operator = pytest.mark.parametrize("operator", ASKING, ids=lambda one: one.name)


def test_every_record_stands_in_the_table_under_a_name_of_its_own() -> None:
    names = [one.name for family in FAMILIES for one in family.OPERATORS]
    assert sorted(names) == sorted(OPERATORS)
    assert not set(ALIASES) & set(OPERATORS)
    assert len(ALIASES) == sum(len(one.aliases) for one in OPERATORS.values())


def test_every_code_of_the_compiled_checker_belongs_to_a_record() -> None:
    assert set(FAST) <= {one.name for one in ASKING}


@each_operator
def test_the_reference_of_the_format_has_the_operator_and_its_other_names(operator: Operator) -> None:
    text = (Path(__file__).parents[2] / "docs/reference/corpus-format.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|") and f"`{operator.name}`" in line.split("|")[1]]
    assert rows
    assert all(f"`{alias}`" in rows[0] for alias in operator.aliases)


@each_operator
def test_an_operator_has_examples_for_and_against(operator: Operator) -> None:
    assert any(example.yes for example in operator.examples)
    assert any(example.no for example in operator.examples)
    for example in operator.examples:
        validate_clause(Clause(operator.name, example.rhs))
        assert [value for value in example.yes if not operator.test(value, example.rhs)] == []
        assert [value for value in example.no if operator.test(value, example.rhs)] == []


@each_operator
def test_the_relations_of_an_operator_are_mutual(operator: Operator) -> None:
    if operator.negation is not None:
        assert OPERATORS[operator.negation].negation == operator.name
        assert OPERATORS[operator.negation].negated is operator.negated
    assert MIRROR.get(operator.name) == operator.mirror
    if operator.mirror is not None:
        assert OPERATORS[operator.mirror].mirror == operator.name


@each_operator
def test_the_lengths_of_an_operator_are_those_that_satisfy_it(operator: Operator) -> None:
    if operator.lengths is None:
        return
    for count in range(4):
        least, greatest = operator.lengths(count)
        lengths = [length for length in range(8) if operator.test(length, count)]
        assert lengths == [one for one in range(8) if one >= least and (greatest is None or one <= greatest)]


@each_operator
def test_the_opposite_of_an_operator_holds_for_exactly_the_other_values(operator: Operator) -> None:
    if operator.opposite is None:
        return
    values = [*VALUES, *([0] * length for length in range(6))]
    for rhs in (example.rhs + more for example in operator.examples for more in range(3)):
        name, other = operator.opposite(rhs)
        if other == -1:
            continue  # every length is at least 0
        assert OPERATORS[name].accepts(other)
        judged = [value for value in values if kind_of(value) in (operator.takes or ())]
        assert [one for one in judged if operator.test(one, rhs) is OPERATORS[name].test(one, other)] == [], rhs


@each_operator
def test_a_mirrored_operator_says_the_same_with_both_sides_swapped(operator: Operator) -> None:
    if operator.mirror is None:
        return
    mirror = OPERATORS[operator.mirror]
    given = [value for value in VALUES if value is not None]
    differing = [
        (left, right) for left in given for right in given if operator.test(left, right) is not mirror.test(right, left)
    ]
    assert differing == []


@each_operator
def test_of_an_operator_and_its_negation_one_holds_as_far_as_the_record_says(operator: Operator) -> None:
    if operator.negation is None:
        return
    negation = OPERATORS[operator.negation]
    for example in operator.examples:
        if example.rhs is None or (isinstance(example.rhs, list) and None in example.rhs):
            continue  # that a value is None is said by presence
        for value in (MISSING, *values_for(operator)):
            count = operator.test(value, example.rhs) + negation.test(value, example.rhs)
            assert count <= 1, (value, example.rhs)
            if not operator.tells_none(example.rhs) and _is_decided(operator, example, value):
                assert count == 1, (value, example.rhs)


def _is_decided(operator: Operator, example: Example, value: Any) -> bool:
    if operator.negated is Negated.JUDGED:
        return kind_of(value) in map(kind_of, example.yes) and value == value
    return operator.negated is Negated.ALL or not (value is None or value is MISSING)


@each_operator
def test_an_operator_judges_no_value_of_a_kind_that_it_does_not_take(operator: Operator) -> None:
    if operator.takes is None:
        return
    for example in operator.examples:
        assert [
            value
            for value in VALUES
            if not {base.__name__ for base in type(value).__mro__} & operator.takes
            and not isinstance(value, UserDict)  # a mapping of somebody else has a length as well
            and operator.test(value, example.rhs)
        ] == []
        assert {kind_of(value) for value in example.yes} <= operator.takes


@each_operator
def test_only_what_may_hold_unset_holds_unset(operator: Operator) -> None:
    if not operator.may_hold_unset:
        assert [example.rhs for example in operator.examples if operator.test(MISSING, example.rhs)] == []


@each_operator
def test_a_none_that_is_given_differs_from_a_missing_value_only_where_the_record_says(operator: Operator) -> None:
    for example in operator.examples:
        differs = operator.test(None, example.rhs) is not operator.test(MISSING, example.rhs)
        assert differs is operator.tells_none(example.rhs)


@each_operator
def test_of_the_values_near_a_right_hand_side_some_are_decided(operator: Operator) -> None:
    negation = OPERATORS.get(operator.negation or "")
    for example in operator.examples:
        near = list(wanted_values(Clause(operator.name, example.rhs), ("lib.Other",)))
        tests = [operator.test, *([] if negation is None else [negation.test])]
        assert not near or any(test(value, example.rhs) for test in tests for value in near)
        assert operator.judges_kind or any(operator.test(value, example.rhs) for value in near)


@each_operator
def test_an_operator_has_words_for_a_sentence_a_name_and_advice(operator: Operator) -> None:
    for example in operator.examples:
        clause = Clause(operator.name, example.rhs)
        match = Match("lib", {"field": (clause,)})
        assert operator.name in ("in", "matches") or operator.name not in say_clause(clause).split()
        assert operator.word in rule_name("lib", "lib.Thing", Severity.ERROR, match.fields)
        assert "field" in suggestion(match)
    assert "{field}" in operator.fix


@each_operator
def test_an_operator_never_raises(operator: Operator) -> None:
    for example in operator.examples:
        for value in (MISSING, *VALUES):
            assert isinstance(operator.test(value, example.rhs), bool)
