"""Configs that nobody prepared are put to the proven rules: what claims an accepted one does not stay as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Cause
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ExpectedOutcome,
    Kwargs,
    MinerSource,
    Observation,
    ObservedException,
    Outcome,
    Rule,
    Severity,
)
from tests.evidence.test_soundness import FACTS, MESSAGE

NEGATIVE = {"n": (Clause("<", 0),)}
UNLIKELY = 0.8125
"""A value that no pool holds, under which the library looks away."""


class Library:
    """Stands in for an observer of a live library."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        n = kwargs.get("n", 1)
        if kwargs.get("mode") == "elsewhere":
            return ObservedException("ImportError", "not here")
        if n is None:
            return ObservedException("TypeError", "n must be a number")
        if isinstance(n, (int, float)) and n < 0 and kwargs.get("temperature") != UNLIKELY:
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return "needs what is not here" if exception.type == "ImportError" else None


def gate_of(fields: Mapping[str, tuple[Clause, ...]], added_by: AddedBy = AddedBy.STATIC_MINER) -> Gate:
    stands_in: Any = Library()
    gate = Gate(Setting(FACTS, Origin("lib", "lib", "2026-01-01")), Oracle(stands_in, "lib.Config"))
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    gate.prove([Candidate("lib.Config", Severity.ERROR, fields, outcome, MESSAGE, source, added_by)])
    assert [entry.rule.match.fields for entry in gate.proven] == [fields]
    return gate


def test_a_claim_on_an_accepted_config_is_narrowed_or_dropped() -> None:
    gate = gate_of(NEGATIVE)
    accepted = {"n": -5, "temperature": UNLIKELY}
    gate.challenge([accepted, {"n": -5}, {"temperature": UNLIKELY}])
    assert not gate.rejects(accepted)
    assert all(entry.rule.match.fields != NEGATIVE for entry in gate.proven)
    assert gate.lost or any("the library accepts" in entry.history[-1] for entry in gate.proven)


def test_configs_on_which_the_rules_are_right_change_nothing() -> None:
    gate = gate_of(NEGATIVE)
    gate.challenge([{"n": -5}, {"n": 5}, {"n": -1, "temperature": 2.0}])
    assert gate.rejects({"n": -1})
    assert not gate.lost


def test_what_this_machine_cannot_tell_speaks_against_nobody() -> None:
    gate = gate_of(NEGATIVE)
    gate.challenge([{"n": -5, "mode": "elsewhere"}])
    assert gate.rejects({"n": -5, "mode": "elsewhere"})


def test_of_two_rules_that_contain_each_other_the_first_stays() -> None:
    gate = gate_of(NEGATIVE)
    (first,) = gate.proven
    written_otherwise = {"n": (Clause("<", 0), Clause("!=", 7))}
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    gate.prove(
        [Candidate("lib.Config", Severity.ERROR, written_otherwise, outcome, MESSAGE, source, AddedBy.DYNAMIC_MINER)]
    )
    assert len(gate.proven) == 2
    assert [entry.rule.added_by for entry in gate.finished()] == [first.rule.added_by]


def test_what_another_check_raises_confirms_no_rule_that_was_read() -> None:
    stands_in: Any = Library()
    gate = Gate(Setting(FACTS, Origin("lib", "lib", "2026-01-01")), Oracle(stands_in, "lib.Config"))
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    elsewhere = MinerSource("lib/config.py", "__init__", 8)
    read = Candidate("lib.Config", Severity.ERROR, NEGATIVE, outcome, "beams are odd", elsewhere, AddedBy.STATIC_MINER)
    gate.prove([read])
    assert not gate.proven
    gate.prove([replace(read, template=MESSAGE)])
    assert gate.proven


class Typed(Library):
    """A library whose framework refuses the value before any of its own lines is reached."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        raised = super().raises(native_type, kwargs, context)
        return None if raised is None else replace(raised, message="Input should be a list", raised_at=None)


def test_what_is_raised_at_no_line_of_the_library_confirms_no_rule_that_was_read() -> None:
    stands_in: Any = Typed()
    gate = Gate(Setting(FACTS, Origin("lib", "lib", "2026-01-01")), Oracle(stands_in, "lib.Config"))
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    read = Candidate("lib.Config", Severity.ERROR, NEGATIVE, outcome, MESSAGE, source, AddedBy.STATIC_MINER)
    gate.prove([read])
    assert not gate.proven
    gate.prove([replace(read, template=None, added_by=AddedBy.PYDANTIC_LIFT)])
    assert gate.proven


def test_a_rule_of_which_every_negative_is_about_another_rule_is_lost_with_that_reason() -> None:
    gate = gate_of(NEGATIVE)
    (first,) = gate.proven
    given = replace(first.rule.match, fields={"n": (Clause("present", True),)})
    of_all_others = replace(first.rule, id="another", message_template="n is given", match=given)
    unset = replace(first.rule, match=replace(first.rule.match, defaults={"n": -1}), kwargs_negative={"n": 0})
    gate.adopt([replace(first, rule=unset), replace(first, rule=of_all_others)])
    assert [entry.rule.id for entry in gate.finished()] == ["another"]
    assert gate.lost[-1].why.cause is Cause.UNCLEAN


def test_the_example_that_proved_a_rule_in_an_earlier_version_comes_first() -> None:
    (entry,) = gate_of(NEGATIVE).proven
    earlier = replace(entry.rule, kwargs_positive={"n": -77}, kwargs_negative={"n": 77})
    assert examples_with(earlier) == ({"n": -77}, {"n": 77})
    assert examples_with(replace(earlier, kwargs_positive={"n": -77, "temperature": UNLIKELY})) == examples_with()
    other = replace(earlier, match=replace(earlier.match, fields={"n": (Clause("<", 1),)}))
    assert examples_with(other) == examples_with()


def examples_with(*earlier: Rule) -> tuple[Kwargs, Kwargs]:
    """The examples of the rule about negative numbers, where some rules of an earlier version are known."""
    stands_in: Any = Library()
    oracle = Oracle(stands_in, "lib.Config")
    gate = Gate(Setting(FACTS, Origin("lib", "lib", "2026-01-01")), oracle, earlier=earlier)
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    gate.prove([Candidate("lib.Config", Severity.ERROR, NEGATIVE, outcome, MESSAGE, source, AddedBy.STATIC_MINER)])
    (entry,) = gate.proven
    return entry.rule.kwargs_positive, entry.rule.kwargs_negative


def test_only_what_some_rule_claims_is_asked_about() -> None:
    gate = gate_of(NEGATIVE)
    known = len(gate.oracle.judged)
    gate.challenge([{"n": 401}, {"temperature": 0.123}, {"mode": "fast", "n": 402}])
    assert len(gate.oracle.judged) == known
    gate.challenge([{"n": -403}])
    assert len(gate.oracle.judged) == known + 1


@pytest.mark.parametrize(
    ("template", "heard"), [(MESSAGE, ()), (MESSAGE.rpartition(" ")[0] + " {n}", (MESSAGE,)), (None, (MESSAGE,))]
)
def test_a_rule_holds_what_the_library_said_where_its_template_does_not(
    template: str | None, heard: tuple[str, ...]
) -> None:
    stands_in: Any = Library()
    gate = Gate(Setting(FACTS, Origin("lib", "lib", "2026-01-01")), Oracle(stands_in, "lib.Config"))
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    guess = Candidate("lib.Config", Severity.ERROR, NEGATIVE, outcome, template, source, AddedBy.STATIC_MINER)
    gate.prove([guess])
    assert [entry.rule.observed_messages for entry in gate.finished()] == [heard]
