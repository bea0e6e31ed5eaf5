"""A predicate that claims too much or too little is told so, with the smallest examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.examples.space import SearchSpace
from miners.gate.refine import refine
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ExpectedOutcome,
    Kwargs,
    Match,
    MinerSource,
    Observation,
    ObservedException,
    Outcome,
    Rule,
    Severity,
    Soundness,
)
from pytest_llem_invariants.replay.soundness import boundary_probes, judge, refuting

Fields = Mapping[str, tuple[Clause, ...]]
Library = Callable[[Kwargs], str | None]

FIELDS = {
    name: FieldFact(name=name, annotation="", types=types, nullable=True, default=default, literals=literals)
    for name, types, default, literals in (
        ("n", ("int",), 1, None),
        ("beams", ("int",), 1, None),
        ("sample", ("bool",), False, None),
        ("mode", ("str",), "fast", ("fast", "slow")),
        ("temperature", ("float",), 1.0, None),
    )
}
FACTS = ClassFacts("lib.Config", "lib:Config", ClassKind.PLAIN, FIELDS, "lib/config.py", 1)
MESSAGE = "n is out of range"


def rule(fields: Fields, positive: Kwargs, negative: Kwargs, **defaults: Any) -> Rule:
    return Rule(
        id="lib_config_n",
        engine="lib",
        library="lib",
        invariant_under_test="",
        severity=Severity.ERROR,
        native_type="lib.Config",
        miner_source=MinerSource("lib/config.py", "__init__", 1),
        match=Match("lib", fields, defaults),
        kwargs_positive=positive,
        kwargs_negative=negative,
        expected_outcome=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        message_template=MESSAGE,
        references=(),
        added_by=AddedBy.STATIC_MINER,
        added_at="2026-01-01",
    )


def observing(library: Library) -> Callable[[Kwargs], Observation]:
    def observe(kwargs: Kwargs) -> Observation:
        try:
            message = library(kwargs)
        except Exception as error:  # the library tripped over a wrong type
            return Observation(exception=ObservedException(type(error).__name__, str(error), bases=("Exception",)))
        return Observation(exception=None if message is None else ObservedException("ValueError", message))

    return observe


def judged(subject: Rule, library: Library, **more: Any) -> Soundness:
    compiled = compile_match(subject.match)
    probes = boundary_probes(subject, FIELDS)
    return judge(subject, lambda kwargs: compiled(kwargs, {}), observing(library), probes, **more)


def refuted(subject: Rule, library: Library) -> tuple[Kwargs, ...]:
    """What speaks against a rule, of which each config that was asked about is one that it claims."""
    compiled = compile_match(subject.match)
    asked: list[Kwargs] = []

    def observe(kwargs: Kwargs) -> Observation:
        asked.append(kwargs)
        return observing(library)(kwargs)

    found = refuting(subject, lambda kwargs: compiled(kwargs, {}), observe, boundary_probes(subject, FIELDS))
    assert asked
    assert all(compiled(kwargs, {}) for kwargs in asked)
    return found


def below_one(kwargs: Kwargs) -> str | None:
    n = kwargs.get("n", 1)
    return MESSAGE if n is not None and n < 1 else None


def below_one_unless_sampling(kwargs: Kwargs) -> str | None:
    return None if kwargs.get("sample") else below_one(kwargs)


def below_one_or_another_error(kwargs: Kwargs) -> str | None:
    return "temperature is wrong" if kwargs.get("temperature") else below_one(kwargs)


def test_a_right_predicate_agrees_on_every_probe() -> None:
    clauses = (Clause("<", 1), Clause("bool_is_number", True))
    soundness = judged(rule({"n": clauses}, {"n": 0}, {"n": 1}), below_one)
    assert soundness.probes > 70
    assert soundness.agreed == soundness.probes


@pytest.mark.parametrize(
    ("fields", "library"),
    [
        ({"n": (Clause("<", 2),)}, below_one),
        ({"n": (Clause("<=", 1),)}, below_one),
        ({"n": (Clause("not_in", [1, 16]),)}, below_one),
        ({"n": (Clause("<", 1),)}, below_one_unless_sampling),
        ({"n": (Clause("<", "@beams"),)}, below_one),
    ],
)
def test_a_predicate_that_claims_too_much_is_overbroad(fields: Fields, library: Library) -> None:
    subject = rule(fields, {"n": 0}, {"n": 1}, beams=1)
    assert judged(subject, library).overbroad
    assert refuted(subject, library) == judged(subject, library).overbroad


def test_text_that_is_read_as_false_is_put_to_a_rule_about_truth() -> None:
    def reads_text(kwargs: Kwargs) -> str | None:
        sample = kwargs.get("sample")
        return MESSAGE if sample and str(sample).lower() not in ("off", "f") else None

    subject = rule({"sample": (Clause("truthy", True),)}, {"sample": True}, {"sample": False})
    assert {"sample": "off"} in judged(subject, reads_text).overbroad


def test_a_predicate_that_claims_too_little_is_underbroad() -> None:
    soundness = judged(rule({"n": (Clause("<", 0),)}, {"n": -1}, {"n": 1}), below_one)
    assert soundness.overbroad == ()
    assert {"n": 0} in soundness.underbroad


def test_what_a_sibling_rule_explains_is_not_missing() -> None:
    subject = rule({"n": (Clause("<", 0),)}, {"n": -1}, {"n": 1})
    soundness = judged(subject, below_one, explained=lambda kwargs: below_one(kwargs) is not None)
    assert soundness.underbroad == ()


def test_another_rules_raise_is_neither_for_nor_against() -> None:
    clauses = (Clause("<", 1), Clause("bool_is_number", True))
    subject = rule({"n": clauses}, {"n": 0}, {"n": 1})
    soundness = judged(subject, below_one_or_another_error)
    assert soundness.overbroad == soundness.underbroad == ()
    assert soundness.probes < judged(subject, below_one).probes


def test_each_guard_is_left_out_by_itself_however_few_probes_there_are() -> None:
    guards = {name: (Clause("!=", 7),) for name in ("n", "beams", "sample", "temperature")}
    positive = {"n": 1, "beams": 2, "sample": True, "temperature": 0.5}
    probes = list(boundary_probes(rule(guards, positive, {}), FIELDS, limit=7))
    for name in guards:
        assert {one: value for one, value in positive.items() if one != name} in probes


def test_of_few_probes_no_field_takes_all() -> None:
    """A rule that forgot what the second of its fields must be is refuted by one of the first ten."""
    forgetful = rule({"sample": (Clause("falsy", True),), "n": (Clause("present", True),)}, {"n": 0}, {})
    compiled = compile_match(forgetful.match)
    few = boundary_probes(forgetful, FIELDS, limit=10)
    found = refuting(forgetful, lambda kwargs: compiled(kwargs, {}), observing(below_one), few)
    assert any(kwargs.keys() == {"n"} for kwargs in found)


def test_probes_are_the_same_every_time_and_never_repeat() -> None:
    subject = rule({"n": (Clause("<", "@beams"),), "mode": (Clause("==", "slow"),)}, {"n": 0, "mode": "slow"}, {})
    probes = [identity(dict(kwargs)) for kwargs in boundary_probes(subject, FIELDS)]
    assert probes == [identity(dict(kwargs)) for kwargs in boundary_probes(subject, FIELDS)]
    assert len(probes) == len(set(probes))
    assert 100 < len(probes) <= 300


def candidate(fields: Fields, hint: Kwargs) -> Candidate:
    return Candidate(
        native_type="lib.Config",
        severity=Severity.ERROR,
        fields=fields,
        expected=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        template=MESSAGE,
        source=MinerSource("lib/config.py", "__init__", 1),
        added_by=AddedBy.STATIC_MINER,
        hints=(hint,),
    )


@pytest.mark.parametrize(
    ("fields", "library"),
    [
        ({"n": (Clause("<", 2),)}, below_one),
        ({"n": (Clause("not_in", [1, 16]),)}, below_one),
        ({"n": (Clause("<", 1),)}, below_one_unless_sampling),
        ({"n": (Clause("!=", 1),)}, below_one_unless_sampling),
    ],
)
def test_refinement_ends_with_predicates_that_no_probe_contradicts(fields: Fields, library: Library) -> None:
    def shows(kwargs: Kwargs) -> bool:
        exception = observing(library)(kwargs).exception
        return exception is not None and exception.message == MESSAGE

    pending = [candidate(fields, {"n": 0})]
    settled: list[Candidate] = []
    for _ in range(4):
        todo, pending = pending, []
        for one in todo:
            counterexamples = refuted(rule(one.fields, dict(one.hints[0]), {"n": 1}, **one.defaults), library)
            if not counterexamples:
                settled.append(one)
                continue
            refinements = refine(one, counterexamples, shows, SearchSpace(FACTS))
            assert all(refinement.reason for refinement in refinements)
            pending.extend(refinement.candidate for refinement in refinements)
    assert not pending
    assert any(
        compile_match(Match("", one.fields, one.defaults))(config, {}) for one in settled for config in ({"n": 0},)
    )


def test_a_candidate_without_a_positive_is_not_refined() -> None:
    below = candidate({"n": (Clause("<", 9),)}, {"n": 0})
    assert refine(below, ({"n": 5},), lambda kwargs: False, SearchSpace(FACTS)) == ()


def test_a_candidate_of_one_platform_is_refined_there() -> None:
    fields: Fields = {"n": (Clause("truthy", True),), "platform": (Clause("!=", "cuda"),)}
    refinements = refine(
        candidate(fields, {"n": 1}),
        ({"n": "N"},),
        lambda kwargs: kwargs["n"] == 1,
        SearchSpace(FACTS),
        within={"platform": "cpu"},
    )

    def triggers(value: Any, platform: str) -> bool:
        matches = (Match("", refinement.candidate.fields) for refinement in refinements)
        return any(
            compile_match(match, context_fields=("platform",))({"n": value}, {"platform": platform})
            for match in matches
        )

    assert triggers(1, "cpu")
    assert not triggers("N", "cpu")
    assert not triggers(1, "cuda")


def test_a_clause_that_names_a_bool_goes_on_telling_it_from_the_number() -> None:
    fields: Fields = {"n": (Clause("!=", 1.0),), "sample": (Clause("!=", True),)}
    counterexamples = ({"n": True, "sample": False},)

    def shows(kwargs: Kwargs) -> bool:
        return kwargs["n"] != 1 and kwargs["sample"] is not True

    (refinement,) = refine(candidate(fields, {"n": 2.0, "sample": False}), counterexamples, shows, SearchSpace(FACTS))
    triggers = compile_match(Match("", refinement.candidate.fields))
    for sample in (True, False):
        for n in (True, 1.0, 2.0):
            config = {"n": n, "sample": sample}
            assert triggers(config, {}) is shows(config)


def test_where_nothing_else_tells_a_rule_holds_for_what_its_class_does_not_convert() -> None:
    converting = replace(FACTS, kind=ClassKind.PYDANTIC_DATACLASS)
    fields: Fields = {"sample": (Clause("truthy", True),), "n": (Clause(">", 1),)}
    counterexamples = ({"sample": "off", "n": 2}, {"sample": "no", "n": 2})
    made = replace(candidate(fields, {"sample": True, "n": 2, "mode": "slow"}), added_by=AddedBy.STATIC_MINER)

    def shows(kwargs: Kwargs) -> bool:
        return "mode" in kwargs  # beside which another check rejects whatever is asked

    (refinement,) = refine(made, counterexamples, shows, SearchSpace(converting))
    assert refinement.candidate.fields["sample"] == (Clause("truthy", True), Clause("type_is", "bool"))
