"""A rule written by hand goes when the miners' own say all that it says, and not before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from miners.build.mined import Mined
from miners.build.pipeline import _written_by_hand
from miners.build.report import hand_written_debt
from miners.candidates.candidate import Candidate
from miners.candidates.handwritten import Inherited, taken_over
from miners.candidates.merge import merge
from miners.candidates.naming import named
from miners.candidates.rules import to_candidate
from miners.static.findings import StaticResult
from miners.surface.facts import ClassFacts, ClassKind
from pytest_llem_invariants.model import (
    EMPTY,
    AddedBy,
    Channel,
    Clause,
    Corpus,
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


SAME = rule("read_at_its_line", AddedBy.STATIC_MINER, {"n": {"<": 0, "!=": 5}}, {"n": -1})


@pytest.mark.parametrize(
    "mined", [(WIDER,), (NARROWER, JUST_BELOW), (replace(BY_HAND, id="read", added_by=AddedBy.STATIC_MINER),)]
)
def test_what_mined_rules_say_together_is_taken_over(mined: tuple[Rule, ...]) -> None:
    found = taken_over((BY_HAND, *mined), {})
    assert [one.match for one in found.rules] == [one.match for one in mined]
    assert all(one.added_by is not AddedBy.MANUAL_SEED for one in found.rules)
    assert set(found.heirs["by_hand"]) == {one.id for one in found.rules}


def test_what_rejects_the_class_without_its_base_arguments_takes_nothing_over() -> None:
    facts = ClassFacts("lib.Config", "lib:Config", ClassKind.DATACLASS, {}, "lib.py", 1, base_kwargs={"text": "x"})
    needs = rule("text_absent", AddedBy.STATIC_MINER, {"text": {"absent": True}}, {})
    assert BY_HAND in taken_over((BY_HAND, needs), {"lib.Config": facts}).rules


def test_a_rule_of_a_class_that_is_not_mined_stays() -> None:
    assert BY_HAND in taken_over((BY_HAND, SAME), {}, classes=("lib.Other",)).rules
    assert BY_HAND not in taken_over((BY_HAND, SAME), {}, classes=("lib.Config",)).rules


def test_a_mined_rule_that_claims_the_same_inherits_the_id() -> None:
    found = taken_over((BY_HAND, SAME), {})
    assert [one.id for one in found.rules] == ["by_hand"]
    assert found.heirs == {"by_hand": ("by_hand",)}


@pytest.mark.parametrize("mined", [(WIDER,), (NARROWER, JUST_BELOW)])
def test_what_claims_more_or_less_keeps_its_own_name(mined: tuple[Rule, ...]) -> None:
    assert [one.id for one in taken_over((BY_HAND, *mined), {}).rules] == [one.id for one in mined]


def test_a_rule_that_an_earlier_corpus_knows_keeps_the_name_it_has_there() -> None:
    found = taken_over((BY_HAND, SAME), {}, settled={"read_at_its_line"})
    assert [one.id for one in found.rules] == ["read_at_its_line"]


def test_two_rules_written_by_hand_may_have_one_heir_and_both_are_told() -> None:
    other = replace(NARROWER, id="by_hand_too", added_by=AddedBy.MANUAL_SEED)
    mined = mined_from(WIDER, heirs=taken_over((BY_HAND, other, WIDER), {}).heirs)
    told = hand_written_debt(mined, corpus_of(BY_HAND, other))
    assert told == ("by_hand: taken over by wider", "by_hand_too: taken over by wider")


def test_debt_is_what_no_miner_finds_and_not_what_the_library_refutes() -> None:
    refuted = replace(NARROWER, id="refuted", added_by=AddedBy.MANUAL_SEED)
    read = replace(BY_HAND, added_by=AddedBy.STATIC_MINER)
    before = corpus_of(BY_HAND, refuted)
    assert [line.partition(": ")[2] for line in hand_written_debt(mined_from(BY_HAND), before)] == [
        "written by hand, and no miner finds its constraint",
        "written by hand, and the library does not confirm it as it is written",
    ]
    assert hand_written_debt(mined_from(read), before)[0] == "by_hand: taken over by static_miner"


def test_a_rule_whose_claim_was_taken_out_of_the_engine_s_file_goes_with_a_word_about_it() -> None:
    claim = replace(NARROWER, id="claimed", added_by=AddedBy.ENGINE_FILE)
    before = corpus_of(BY_HAND, claim)
    assert hand_written_debt(mined_from(BY_HAND), before, lambda rule: False)[1:] == (
        "claimed: no claim of the engine's file says it any more, so it goes",
    )
    assert hand_written_debt(mined_from(BY_HAND), before)[1:] == (
        "claimed: written by hand, and the library does not confirm it as it is written",
    )
    surface = {BY_HAND.native_type: ClassFacts("lib.Config", "lib:Config", ClassKind.PLAIN, {}, "lib.py", 1)}
    assert [one.added_by for one in _written_by_hand(before, surface)] == [AddedBy.MANUAL_SEED], (
        "the file is asked for its claims again; what it does not say any more is no candidate"
    )


def mined_from(*rules: Rule, heirs: Mapping[str, tuple[str, ...]] = EMPTY) -> Mined:
    return Mined(corpus_of(*rules), (), (), {}, StaticResult(()), heirs=heirs)


def corpus_of(*rules: Rule) -> Corpus:
    return Corpus("1.1.0", "lib", "1.0", "2026-01-01T00:00:00Z", rules)


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
    assert taken_over((BY_HAND, *mined), {}) == Inherited((BY_HAND, *mined), {})


def test_a_constraint_keeps_the_name_that_an_earlier_corpus_gave_it() -> None:
    wider, new = replace(WIDER, id="n_bound"), replace(NARROWER, id="n_bound")
    for rules in ((wider, new), (new, wider)):
        found = {one.id: one.match for one in named(rules, corpus_of(wider))}
        assert found == {"n_bound": wider.match, "n_bound_2": new.match}
        found = {one.id: one.match for one in named(rules, corpus_of(new))}
        assert found == {"n_bound": new.match, "n_bound_2": wider.match}


def test_what_a_loser_says_otherwise_is_noted_and_not_what_won() -> None:
    read = replace(WIDER, message_template="n must be positive")
    probed = replace(WIDER, added_by=AddedBy.DYNAMIC_MINER, message_template="n must be positive, got {n}")
    (one,) = merge([read, probed])
    assert one.message_template == "n must be positive, got {n}"
    assert one.conflict_note == "static_miner words it 'n must be positive'"
    assert one.cross_validated_by == (AddedBy.DYNAMIC_MINER,)


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
