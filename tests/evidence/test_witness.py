"""Examples are found, not guessed: smallest positive, nearest negative."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.candidates.candidate import Candidate
from miners.candidates.rules import Examples
from miners.examples.search import Search, _Tests
from miners.examples.space import SearchSpace
from miners.examples.witness import Shown, find_examples
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from miners.surface.types import ChoiceType, Either, Group, InstanceType
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ContextField,
    ExpectedOutcome,
    Kwargs,
    Match,
    MinerSource,
    Outcome,
    Severity,
    TypedValue,
)


def fact(name: str, *types: str, **kwargs: Any) -> FieldFact:
    return FieldFact(name=name, annotation="", types=types, **kwargs)


FACTS = ClassFacts(
    native_type="lib.Config",
    target="lib:Config",
    kind=ClassKind.PLAIN,
    path="lib/config.py",
    line=1,
    fields={
        field.name: field
        for field in (
            fact("n", "int", default=1),
            fact("best_of", "int", default=1),
            fact("temperature", "float", default=1.0),
            fact("mode", "str", literals=("fast", "slow"), default="fast"),
            fact("stop", "list", element_types=("str",), default=None),
            fact("options", "dict", default=None),
            fact("inner", "lib.Inner", default=None),
            fact("path", "str", default=None),
        )
    },
)
INNER = ClassFacts(
    native_type="lib.Inner",
    target="lib:Inner",
    kind=ClassKind.PLAIN,
    path="lib/config.py",
    line=9,
    fields={"size": fact("size", "int", default=1)},
)
SURFACE = {"lib.Config": FACTS, "lib.Inner": INNER}


def candidate(fields: Mapping[str, tuple[Clause, ...]], **defaults: Any) -> Candidate:
    return Candidate(
        native_type="lib.Config",
        severity=Severity.ERROR,
        fields=fields,
        expected=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        template=None,
        source=MinerSource("lib/config.py", "__init__", 1),
        added_by=AddedBy.STATIC_MINER,
        defaults=defaults,
    )


def clauses(**fields: tuple[str, Any]) -> dict[str, tuple[Clause, ...]]:
    return {name: (Clause(*clause),) for name, clause in fields.items()}


def found(fields: Mapping[str, tuple[Clause, ...]], **defaults: Any) -> Examples:
    examples = find_examples(candidate(fields, **defaults), SearchSpace(FACTS, SURFACE))
    assert examples is not None
    triggers = compile_match(Match("", fields, defaults))
    assert triggers(examples.positive, {})
    assert not triggers(examples.negative, {})
    return examples


@pytest.mark.parametrize(
    ("fields", "positive", "negative"),
    [
        (clauses(n=("<", 1)), {"n": 0}, {"n": 1}),
        (clauses(temperature=("<", 0)), {"temperature": -1}, {"temperature": 0}),
        (clauses(mode=("==", "slow")), {"mode": "slow"}, {"mode": "fast"}),
        ({"len(stop)": (Clause(">", 2),)}, {"stop": ["x0", "x1", "x2"]}, {"stop": ["x0", "x1"]}),
        ({"each(stop)": (Clause("==", ""),)}, {"stop": [""]}, {"stop": ["x"]}),
    ],
)
def test_the_smallest_positive_and_the_nearest_negative(fields: Any, positive: Any, negative: Any) -> None:
    examples = found(fields)
    assert examples.positive == positive
    assert examples.negative == negative


@pytest.mark.parametrize(
    "fields",
    [
        {"n": (Clause(">", "@best_of"),)},
        {"n * best_of": (Clause(">", 1024),)},
        {"n": (Clause("not_divisible_by", "@best_of"),)},
        {"temperature": (Clause("!=", "@temperature"),)},
        {"inner.size": (Clause(">", 7),)},
        {"inner.size": (Clause(">", "@n"),)},
        {"keys(options)": (Clause("min_len", 2),)},
        {"each(keys(options))": (Clause("not_in", ["a", "b"]),)},
        {"each(each(options))": (Clause("==", ""),)},
        {"path": (Clause("matches", r"^[a-z]{3}:\d+$"),)},
        {"stop": (Clause("type_is", ["str", "dict"]),)},
        {"inner": (Clause("type_is", "lib.Inner"),)},
        {"n": (Clause("in", [3, 5]),), "mode": (Clause("!=", "fast"),), "stop": (Clause("present", True),)},
        {"n": (Clause(">", 0), Clause("bool_is_number", True)), "best_of": (Clause("<", "@n"),)},
        {"max(n, best_of)": (Clause(">=", 77),)},
        {"lower(mode)": (Clause("==", "slow"),)},
    ],
)
def test_every_shape_of_clause_has_examples(fields: Any) -> None:
    found(fields)


def test_a_default_that_triggers_needs_no_arguments() -> None:
    assert found({"n": (Clause("==", 1),)}, n=1).positive == {}


def test_a_nested_field_is_given_through_its_typed_value() -> None:
    assert found({"inner.size": (Clause("==", 5),)}).positive == {"inner": TypedValue("lib.Inner", {"size": 5})}


def test_a_negative_avoids_the_other_rules() -> None:
    examples = find_examples(
        candidate(clauses(n=("<", 1))), SearchSpace(FACTS), others=[lambda kwargs: kwargs.get("n") == 1]
    )
    assert examples is not None
    assert examples.negative != {"n": 1}


def test_what_another_rule_is_about_is_left_out_of_a_negative() -> None:
    fields = clauses(n=("==", 1), best_of=("==", 7))
    examples = find_examples(
        candidate(fields),
        SearchSpace(FACTS),
        others=[lambda kwargs: kwargs.get("best_of", 1) != 1],
        clears=lambda _, kwargs: kwargs.get("n", 1) != 1,
    )
    assert examples is not None
    assert "best_of" not in examples.negative


def test_only_a_positive_that_the_library_shows_is_taken() -> None:
    def proves(kwargs: Kwargs) -> Shown:
        return Shown.EFFECT if kwargs["n"] < -1 else Shown.NOTHING

    examples = find_examples(candidate(clauses(n=("<", 1))), SearchSpace(FACTS), proves=proves)
    assert examples is not None
    assert examples.positive["n"] < -1


@pytest.mark.parametrize(("shown", "asked"), [(Shown.ANOTHER_CHECK, 12), (Shown.NOTHING, 16)])
def test_what_other_checks_stop_is_given_up_sooner_than_what_shows_nothing(shown: Shown, asked: int) -> None:
    looked_at: list[Kwargs] = []

    def proves(kwargs: Kwargs) -> Shown:
        looked_at.append(kwargs)
        return shown

    assert find_examples(candidate(clauses(n=("<", 100))), SearchSpace(FACTS), proves=proves) is None
    assert len(looked_at) == asked


def test_the_library_is_asked_only_about_negatives_that_no_other_rule_claims_unless_all_are() -> None:
    looked_at: list[Kwargs] = []

    def clears(_: Kwargs, negative: Kwargs) -> bool:
        looked_at.append(negative)
        return negative != {}

    below = candidate(clauses(n=("<", 1)))
    clean = find_examples(below, SearchSpace(FACTS), others=[lambda kwargs: kwargs.get("n", 1) != 2], clears=clears)
    assert clean is not None
    assert [clean.negative] == looked_at == [{"n": 2}]
    looked_at.clear()
    resort = find_examples(below, SearchSpace(FACTS), others=[lambda kwargs: True], clears=clears)
    assert resort is not None
    assert [resort.negative] == looked_at


def test_an_unsatisfiable_predicate_has_no_examples() -> None:
    assert find_examples(candidate({"n": (Clause("<", 1), Clause(">", 2))}), SearchSpace(FACTS)) is None


@pytest.mark.parametrize(
    ("hint", "clear", "found"),
    [
        ({"n": -77}, {"n": 78}, Examples({"n": -77}, {"n": 78})),
        ({"n": -77}, {"n": -78}, Examples({"n": -77}, {"n": 1})),
        ({"n": 77}, {"n": 78}, Examples({"n": 0}, {"n": 1})),
    ],
    ids=["both hold", "the negative does not", "the positive does not"],
)
def test_the_examples_of_a_candidate_come_first_where_they_hold(hint: Kwargs, clear: Kwargs, found: Examples) -> None:
    brought = replace(candidate(clauses(n=("<", 1))), hints=(hint,), clear=(clear,))
    assert find_examples(brought, SearchSpace(FACTS)) == found


def test_the_context_is_chosen_with_the_example() -> None:
    examples = find_examples(
        candidate({"platform": (Clause("==", "cuda"),), "n": (Clause(">", 4),)}),
        SearchSpace(FACTS, context={"platform": ContextField("cpu", ("cpu", "cuda"))}),
    )
    assert examples is not None
    assert examples.context == {"platform": "cuda"}


def test_a_negative_is_asked_for_beside_its_positive() -> None:
    asked: list[tuple[Kwargs, Kwargs]] = []

    def clears(positive: Kwargs, negative: Kwargs) -> bool:
        asked.append((positive, negative))
        return len(asked) > 1

    examples = find_examples(candidate(clauses(n=("<", 1))), SearchSpace(FACTS), clears=clears)
    assert examples == Examples(*asked[1])


_TEXT = st.text(max_size=3).filter(lambda text: not text.startswith("@"))
_RHS = st.one_of(st.integers(-9, 99), st.floats(allow_infinity=False, allow_nan=False), _TEXT)


@given(op=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), rhs=_RHS)
def test_what_is_found_satisfies_the_predicate(op: str, rhs: Any) -> None:
    fields = {"free": (Clause(op, rhs),)}
    positive = next(Search(fields, {}, SearchSpace(FACTS)).positives(), None)
    if positive is None:
        assert op == "<"
        assert rhs == "" or (isinstance(rhs, float) and rhs < -1e300)
    else:
        assert OPERATORS[op].test(positive["free"], rhs)


def test_nan_can_be_found() -> None:
    assert math.isnan(found({"temperature": (Clause("!=", "@temperature"),)}).positive["temperature"])


def test_an_object_is_built_once_whichever_of_its_fields_are_asked_for() -> None:
    fields = {"inner": (Clause("present", True),), "inner.size": (Clause(">", 1),)}
    assert found(fields).positive == {"inner": TypedValue("lib.Inner", {"size": 2})}
    assert found({"inner": (Clause("present", True),)}).positive == {"inner": TypedValue("lib.Inner")}


def test_what_the_declared_types_refuse_alone_is_no_positive_of_theirs() -> None:
    refused = Search({"mode": (Clause("not_in", ["fast", "slow"]),)}, {}, SearchSpace(FACTS))
    assert next(refused.positives(typed=True), None) is None
    assert next(refused.positives(), None) is not None


@pytest.mark.parametrize(
    ("kwargs", "of_type"),
    [
        ({"size": 1, "some": []}, True),
        ({"size": 0, "some": []}, False),
        ({"size": "1", "some": []}, False),
        ({"size": None, "some": []}, False),
        ({"inner": TypedValue("lib.Inner", {"size": 1}), "some": []}, True),
        ({"inner": TypedValue("lib.Inner", {"size": 0}), "some": []}, False),
        ({"inner": {"size": 1}, "some": []}, False),
        ({"some": ["b", "a"]}, True),
        ({"some": ["b", "c"]}, False),
        ({"kind": "a", "some": []}, True),
        ({"kind": "c", "some": []}, False),
        ({}, False),
    ],
)
def test_a_config_that_types_refuse_leads_past_no_check(kwargs: dict[str, Any], of_type: bool) -> None:
    size = FieldFact("size", "int", ("int",), nullable=False, bounds={"ge": 1})
    inner = FieldFact("inner", "Inner", ("Inner",), nullable=False)
    words = Group("list", (ChoiceType(("a", "b")),))
    some = FieldFact("some", "list", ("list",), ("str",), nullable=False, type=words)
    named = Either((ChoiceType(("a", "b")), InstanceType("dtype", "torch")))
    kind = FieldFact("kind", "Kind", ("str", "dtype"), nullable=False, type=named)
    fields = {"size": size, "inner": inner, "some": some, "kind": kind}
    known = {
        "lib.Inner": ClassFacts("lib.Inner", "lib:Inner", ClassKind.PYDANTIC_MODEL, {"size": size}, "lib.py", 1),
        "lib.Outer": ClassFacts("lib.Outer", "lib:Outer", ClassKind.PYDANTIC_MODEL, fields, "lib.py", 1),
    }
    present = (Clause("present", True),)
    asked = dict.fromkeys(("size", "inner", "inner.size", "kind"), present) | {"some": (Clause("absent", True),)}
    search = Search(asked, {}, SearchSpace(known["lib.Outer"], known))
    assert search.is_of_type(kwargs) is of_type


def test_a_context_that_nobody_knows_is_told() -> None:
    context = {"platform": ContextField("cpu", ("cpu", "cuda"))}
    facts = ClassFacts("lib.Outer", "lib:Outer", ClassKind.PLAIN, {}, "lib.py", 1)
    assert Search({"platform": (Clause("==", "rocm"),)}, {}, SearchSpace(facts, context=context)).unmet == ("platform",)
    assert Search({"platform": (Clause("==", "cuda"),)}, {}, SearchSpace(facts, context=context)).unmet == ()


@pytest.mark.parametrize(("value", "converted"), [(True, False), (0, True), ("off", True), (None, True)])
def test_what_a_class_converts_is_no_effect_of_its_code(value: Any, converted: bool) -> None:
    fast = FieldFact("fast", "bool", ("bool",), nullable=False, default=False)
    for kind, enforced in ((ClassKind.PYDANTIC_MODEL, True), (ClassKind.PLAIN, False)):
        facts = ClassFacts("lib.Outer", "lib:Outer", kind, {"fast": fast}, "lib.py", 1)
        search = Search({"fast": (Clause("present", True),)}, {}, SearchSpace(facts))
        assert search.is_converted("fast", {"fast": value}) is (converted and enforced)


@pytest.mark.parametrize(
    "asked",
    [
        {"n": (Clause(">", "@best_of"),), "temperature": (Clause("<", 0.5),)},
        {"n": (Clause(">", "@inner.size"),), "inner.size": (Clause(">", 1),), "mode": (Clause("==", "slow"),)},
        {"inner": (Clause("present", True),), "inner.size": (Clause("<", "@n"),), "stop": (Clause("max_len", 1),)},
        {"n * best_of": (Clause(">", 4),), "n": (Clause("<=", 2),), "path": (Clause("absent", True),)},
        {"platform": (Clause("==", "cuda"),), "n": (Clause(">", "@best_of"),), "mode": (Clause("!=", "@path"),)},
        {"n": (Clause(">", "@best_of"), Clause("<", "@best_of")), "mode": (Clause("==", "slow"),)},
    ],
    ids=lambda asked: " and ".join(asked),
)
def test_what_a_product_gives_is_found_where_its_parts_are_asked_first(
    asked: dict[str, tuple[Clause, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def positives() -> list[str]:
        platform = ContextField("cpu", ("cpu", "cuda"))
        search = Search(asked, {"n": 1, "best_of": 1}, SearchSpace(FACTS, SURFACE, {"platform": platform}))
        return [repr(kwargs) for kwargs in search.positives()]

    in_parts = positives()
    monkeypatch.setattr(_Tests, "of", lambda _, given: [()] * (len(given) + 1))
    assert set(positives()) <= set(in_parts)
