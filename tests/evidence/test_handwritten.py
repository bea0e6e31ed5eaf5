"""A rule written by hand goes when the miners' own say all that it says, and not before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from miners.candidate import Candidate
from miners.handwritten import taken_over
from miners.stage import to_candidate
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ExpectedOutcome,
    Match,
    MinerSource,
    Outcome,
    Rule,
    Severity,
)
from tests.evidence.test_challenge import NEGATIVE, gate_of


def rule(name: str, added_by: AddedBy, fields: dict[str, dict[str, Any]], positive: dict[str, Any]) -> Rule:
    return Rule(
        id=name,
        engine="lib",
        library="lib",
        invariant_under_test=name,
        severity=Severity.ERROR,
        native_type="lib.Config",
        miner_source=MinerSource("lib.py", "__init__", 3),
        match=Match(
            "lib",
            {subject: tuple(Clause(op, rhs) for op, rhs in clauses.items()) for subject, clauses in fields.items()},
        ),
        kwargs_positive=positive,
        kwargs_negative={},
        expected_outcome=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        message_template=None,
        references=(),
        added_by=added_by,
        added_at="2026-01-01",
    )


BY_HAND = rule("by_hand", AddedBy.MANUAL_SEED, {"n": {"<": 0}}, {"n": -1})
WIDER = rule("wider", AddedBy.STATIC_MINER, {"n": {"<=": 0}}, {"n": 0})
NARROWER = rule("narrower", AddedBy.STATIC_MINER, {"n": {"<": -1}}, {"n": -2})
JUST_BELOW = rule("just_below", AddedBy.DYNAMIC_MINER, {"n": {">=": -1, "<": 0}}, {"n": -1})


@pytest.mark.parametrize(
    "mined", [(WIDER,), (NARROWER, JUST_BELOW), (replace(BY_HAND, id="read", added_by=AddedBy.STATIC_MINER),)]
)
def test_what_mined_rules_say_together_is_taken_over_with_its_id(mined: tuple[Rule, ...]) -> None:
    found = taken_over((BY_HAND, *mined), {})
    assert [one.match for one in found] == [one.match for one in mined]
    assert all(one.added_by is not AddedBy.MANUAL_SEED for one in found)
    assert "by_hand" in {one.id for one in found}


@pytest.mark.parametrize(
    "mined",
    [
        (),
        (NARROWER,),
        (replace(WIDER, severity=Severity.WARN),),
        (replace(WIDER, native_type="lib.Other"),),
        (replace(WIDER, added_by=AddedBy.MANUAL_SEED),),
    ],
)
def test_what_no_mined_rule_says_stays(mined: tuple[Rule, ...]) -> None:
    assert taken_over((BY_HAND, *mined), {}) == (BY_HAND, *mined)


def guess(added_by: AddedBy, fields: Mapping[str, tuple[Clause, ...]]) -> Candidate:
    return replace(to_candidate(gate_of(NEGATIVE).proven[0].rule), added_by=added_by, fields=fields)


def test_what_hands_wrote_keeps_no_mined_rule_away() -> None:
    below_minus_one = {"n": (Clause("<", -1),)}
    gate = gate_of(NEGATIVE, AddedBy.MANUAL_SEED)
    gate.prove([guess(AddedBy.STATIC_MINER, below_minus_one)])
    assert not gate_of(NEGATIVE, AddedBy.MANUAL_SEED).rejects({"n": -5}), "the prober looks on"
    assert [entry.rule.match.fields for entry in gate.finished()] == [NEGATIVE, below_minus_one]


def test_a_mined_rule_keeps_a_narrower_one_away() -> None:
    gate = gate_of(NEGATIVE)
    gate.prove([guess(AddedBy.STATIC_MINER, {"n": (Clause("<", -1),)})])
    assert gate.rejects({"n": -5})
    assert [entry.rule.match.fields for entry in gate.finished()] == [NEGATIVE]
