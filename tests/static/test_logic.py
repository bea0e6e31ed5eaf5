from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miners.logic.as_rule import fields_of
from miners.logic.formulas import FALSE, TRUE, And, Atom, Formula, Opaque, Or, all_of, any_of, atom, is_nan, negate
from miners.logic.normal_form import implies, simplify, to_dnf
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Clause, Match
from tests.logic.meaning import evaluate

FIELDS = ("a", "b")
NUMBERS = st.sampled_from([-1, 0, 1, 2, 0.5, math.nan, math.inf])
VALUES = st.one_of(st.none(), NUMBERS)

ATOMS = st.one_of(
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from([-1, 0, 1, 2])),
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["==", "!="]), st.sampled_from([None, -1, 0, 1])),
    st.builds(
        atom, st.sampled_from(FIELDS), st.sampled_from(["in", "not_in"]), st.just([0, 2, None]) | st.just([1, 2])
    ),
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["present", "absent"]), st.booleans()),
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["truthy", "falsy"])),
    st.builds(atom, st.just("a"), st.sampled_from(["<", "<=", ">", ">="]), st.just("@b")),
    st.builds(is_nan, st.sampled_from(FIELDS)),
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["type_is", "type_is_not"]), st.just(["int", "str"])),
)


def combine(children: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    lists = st.lists(children, min_size=2, max_size=3)
    return lists.map(all_of) | lists.map(any_of) | children.map(negate)


FORMULAS: st.SearchStrategy[Formula] = st.recursive(ATOMS, combine, max_leaves=8)
CONFIGS = st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES})
SET_CONFIGS = st.fixed_dictionaries({"a": NUMBERS, "b": NUMBERS})


def holds(conjunction: Any, config: dict[str, Any]) -> bool:
    return all(evaluate(literal, config) for literal in conjunction)


@given(config=CONFIGS)
def test_a_given_none_is_told_from_a_field_left_out(config: dict[str, Any]) -> None:
    """That a field is left out cannot be said; that it is not, can."""
    named = atom("a", "type_is", ["int", "none"])
    answer = evaluate(named, config)
    assert evaluate(negate(named), config) in {not answer, None}
    assert evaluate(negate(negate(named)), config) is answer


@settings(derandomize=True, deadline=None, max_examples=400)
@given(formula=FORMULAS, config=CONFIGS)
def test_the_normal_form_says_what_the_formula_says(formula: Formula, config: dict[str, Any]) -> None:
    disjuncts = to_dnf(formula, limit=4096)
    assert disjuncts is not None
    assert any(holds(one, config) for one in disjuncts) is evaluate(formula, config)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(formula=FORMULAS, config=SET_CONFIGS)
def test_a_negation_holds_exactly_where_the_formula_does_not(formula: Formula, config: dict[str, Any]) -> None:
    assert evaluate(negate(formula), config) is not evaluate(formula, config)


UNORDERED = st.one_of(
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["==", "!="]), st.sampled_from([None, -1, 0, 1])),
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["in", "not_in"]), st.just([0, None]) | st.just([1, 2])),
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["truthy", "falsy", "present", "absent"])),
    st.builds(atom, st.sampled_from(FIELDS), st.sampled_from(["type_is", "type_is_not"]), st.just(["float"])),
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(formula=st.recursive(UNORDERED, combine, max_leaves=6), config=CONFIGS)
def test_without_comparisons_a_negation_is_exact_on_unset_fields_too(formula: Formula, config: dict[str, Any]) -> None:
    assert evaluate(negate(formula), config) is not evaluate(formula, config)


@settings(derandomize=True, deadline=None)
@given(literals=st.lists(ATOMS.filter(lambda one: isinstance(one, Atom)), max_size=5), config=CONFIGS)
def test_simplification_keeps_the_meaning_and_is_idempotent(literals: list[Atom], config: dict[str, Any]) -> None:
    reduced = simplify(tuple(literals))
    expected = all(evaluate(literal, config) for literal in literals)
    if reduced is None:
        assert not expected
    else:
        assert holds(reduced, config) is expected
        assert simplify(reduced) == reduced


@settings(derandomize=True, deadline=None, max_examples=400)
@given(
    stronger=st.lists(ATOMS.filter(lambda one: isinstance(one, Atom)), min_size=1, max_size=3),
    weaker=st.lists(ATOMS.filter(lambda one: isinstance(one, Atom)), min_size=1, max_size=2),
    config=CONFIGS,
)
def test_an_implication_is_never_claimed_in_vain(stronger: Any, weaker: Any, config: dict[str, Any]) -> None:
    if implies(tuple(stronger), tuple(weaker)) and holds(stronger, config):
        assert holds(weaker, config)


@settings(derandomize=True, deadline=None)
@given(formula=FORMULAS, config=CONFIGS)
def test_a_rule_can_hold_what_fields_of_returns(formula: Formula, config: dict[str, Any]) -> None:
    for conjunction in to_dnf(formula, limit=4096) or ():
        spoken = fields_of(conjunction)
        if not spoken.opaque and spoken.fields:
            assert compile_match(Match("", spoken.fields))(config, {}) is holds(conjunction, config)


def test_a_negated_range_includes_nan() -> None:
    outside = negate(all_of((atom("p", ">", 0), atom("p", "<=", 1))))
    assert to_dnf(outside) == (
        (Atom("p", Clause("<=", 0)),),
        (Atom("p", Clause("!=", "@p")),),
        (Atom("p", Clause(">", 1)),),
    )


def test_a_true_is_not_one() -> None:
    assert simplify((Atom("p", Clause("==", True)), Atom("p", Clause("==", 1)))) is None


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ((Clause(">", 0), Clause(">=", 1)), (Clause(">=", 1),)),
        ((Clause("present", True), Clause("<", 3)), (Clause("<", 3),)),
        ((Clause("!=", 1), Clause("!=", 2)), (Clause("not_in", [1, 2]),)),
        ((Clause("in", [1, 2, 3]), Clause("!=", 2)), (Clause("in", [1, 3]),)),
        ((Clause("==", 4), Clause("divisible_by", 2)), (Clause("==", 4),)),
        ((Clause("min_len", 1), Clause("min_len", 3)), (Clause("min_len", 3),)),
    ],
)
def test_clauses_on_one_subject_are_reduced(clauses: tuple[Clause, ...], expected: tuple[Clause, ...]) -> None:
    assert simplify(tuple(Atom("x", clause) for clause in clauses)) == tuple(Atom("x", one) for one in expected)


@pytest.mark.parametrize(
    "clauses",
    [
        (Clause("<", 0), Clause(">", 0)),
        (Clause("absent", True), Clause("present", True)),
        (Clause("truthy", True), Clause("falsy", True)),
        (Clause("type_is", "str"), Clause("<", 3)),
        (Clause("==", 3), Clause("not_divisible_by", 3)),
        (Clause("min_len", 3), Clause("max_len", 2)),
        (Clause("<", "@y"), Clause(">=", "@y")),
    ],
)
def test_a_conjunction_that_nothing_satisfies_vanishes(clauses: tuple[Clause, ...]) -> None:
    assert simplify(tuple(Atom("x", clause) for clause in clauses)) is None


def test_the_normal_form_is_given_up_beyond_its_limit() -> None:
    pairs = all_of(any_of((atom(f"x{i}", "==", 1), atom(f"y{i}", "==", 1))) for i in range(10))
    assert to_dnf(pairs, limit=100) is None


def test_an_opaque_part_and_its_negation_exclude_each_other() -> None:
    guard = Opaque("model.is_moe", "m.py:3")
    assert all_of((guard, negate(guard))) == FALSE
    assert any_of((guard, negate(guard))) == TRUE
    assert isinstance(all_of((guard, atom("x", "==", 1))), And)
    assert isinstance(any_of((guard, atom("x", "==", 1))), Or)


def test_a_second_bound_against_another_field_moves_to_that_field() -> None:
    spoken = fields_of((Atom("x", Clause(">", 1)), Atom("x", Clause(">", "@y"))))
    assert spoken.fields == {"x": (Clause(">", 1),), "y": (Clause("<", "@x"),)}


def test_no_element_is_beyond_the_language() -> None:
    assert isinstance(negate(atom("each(stop)", "falsy")), Opaque)


def _spoken(*clauses: Clause) -> Any:
    return fields_of(tuple(Atom("a", clause) for clause in clauses))


@pytest.mark.parametrize(
    "clauses",
    [
        (Clause("!=", 1), Clause("!=", "@b")),
        (Clause("!=", "@b"), Clause("!=", 1)),
        (Clause("type_is_not", "str"), Clause("type_is_not", ["int", "bool"])),
        (Clause("not_in", [0, 1]), Clause("not_in", [2])),
        (Clause("matches", "^x"), Clause("matches", "z$")),
        (Clause("not_matches", "^x"), Clause("not_matches", "z$")),
    ],
)
def test_an_operator_that_stands_twice_is_said_once(clauses: tuple[Clause, ...]) -> None:
    spoken = _spoken(*clauses)
    assert not spoken.opaque
    for value in (None, 0, 1, 2, 3, True, "x", "xz", "x\nz", "z", "", [1]):
        config = {"a": value, "b": 2}
        apart = all(compile_match(Match("", {"a": (clause,)}))(config, {}) for clause in clauses)
        assert compile_match(Match("", spoken.fields))(config, {}) is apart


def test_two_references_under_one_operator_stay_unsaid() -> None:
    assert _spoken(Clause("matches", "("), Clause("matches", "x")).opaque
    assert _spoken(Clause("min_len", 1), Clause("min_len", 2)).opaque


@pytest.mark.parametrize(
    ("matched", "unmatched", "contradicts"),
    [
        ("^c", ("^a", "^b", "^c"), True),
        ("^d", ("^a", "^b", "^c"), False),
        ("(", ("^a", "("), False),
        ("x)|(?:y", (r"x)|(?:y",), True),
    ],
)
def test_what_matches_a_pattern_is_none_of_those_that_match_it_not(
    matched: str, unmatched: tuple[str, ...], contradicts: bool
) -> None:
    patterns = list(unmatched)
    united_pattern = patterns.pop(0)
    for pattern in patterns:
        united_pattern = f"(?:{united_pattern})|(?:{pattern})"
    literals = (Atom("a", Clause("matches", matched)), Atom("a", Clause("not_matches", united_pattern)))
    assert (simplify(literals) is None) is contradicts


def test_what_is_in_an_order_is_no_nan() -> None:
    assert simplify((Atom("a", Clause("==", "@a")), Atom("a", Clause(">", 1)))) == (Atom("a", Clause(">", 1)),)
