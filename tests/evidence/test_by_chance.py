"""An effect that the moment or the model at hand brings about makes no rule about a config."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.candidates.outcomes import Cause
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from pytest_llem_invariants.model import (
    AddedBy,
    Change,
    Channel,
    Clause,
    ContextField,
    ExpectedOutcome,
    Kwargs,
    MinerSource,
    Observation,
    ObservedException,
    Outcome,
    Severity,
)
from tests.evidence.test_soundness import FACTS, MESSAGE


class Library:
    """Rejects what is above a bound of the model or the machine, and fills an empty mode with a number drawn anew.

    A mode that is a path has to be there.

    The model `odd` takes no bare config; the model `wide` is stopped by a check of its own before the one looked at.
    """

    def __init__(self, draws: itertools.count[int] | itertools.repeat[int]) -> None:
        self._draws = draws

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        model = kwargs.get("model")
        n, longest = kwargs.get("n", 1), 100 if model == "tall" or context.get("machine") == 1 else 5
        if model == "odd" or (model == "wide" and n != 1):
            return ObservedException("ValueError", "of another matter", raised_at="lib/other.py:9")
        if isinstance(n, (int, float)) and (n < 0 or n > longest):
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3")
        mode = kwargs.get("mode", "fast")
        if "/" in mode and not Path(mode).exists():
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:5")
        if "/" in mode:
            return ObservedException("ValueError", "not in the right format", raised_at="lib/config.py:6")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        drawn = {"mode": Change("", next(self._draws))} if kwargs.get("mode") == "" else {}
        if kwargs.get("mode") == "fast" and kwargs.get("model") != "tall":
            drawn = {"mode": Change("fast", "slow")}
        return Observation(exception=self.raises(native_type, kwargs, context), normalisations=drawn)

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def gate_after(candidate: Candidate, *models: str, draws: Any = None, machines: int = 0) -> Gate:
    stands_in: Any = Library(draws or itertools.repeat(7))
    oracle = Oracle(stands_in, "lib.Config")
    others: tuple[Kwargs, ...] = tuple({"model": model} for model in models)
    setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), other_kwargs=others, machines=machines)
    gate = Gate(setting, oracle)
    gate.prove([candidate])
    return gate


def rejecting(clause: Clause) -> Candidate:
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    return Candidate("lib.Config", Severity.ERROR, {"n": (clause,)}, outcome, MESSAGE, source, AddedBy.STATIC_MINER)


def test_a_bound_of_the_model_at_hand_is_no_rule() -> None:
    assert gate_after(rejecting(Clause(">", 5))).proven
    for models in (("tall",), ("x", "tall"), ("odd", "tall")):
        lost = gate_after(rejecting(Clause(">", 5)), *models)
        assert not lost.proven
        assert lost.lost[0].why.cause is Cause.OF_THE_MODEL


def test_what_goes_away_beside_a_model_that_differs_in_one_fact_alone_names_that_fact() -> None:
    declared = {
        "model.arch.method": ContextField(None, (None, "x"), False, "str"),
        "model.arch.heads": ContextField(4, (4,), False, "int"),
    }

    def gate_with(**facts: Any) -> Gate:
        stands_in: Any = Library(itertools.repeat(7))
        others: tuple[Kwargs, ...] = ({"model": "tall"},)
        setting = Setting(
            FACTS,
            Origin("lib", "lib", "2026-01-01"),
            context=declared,
            other_kwargs=others,
            model_facts=({f"model.arch.{name}": value for name, value in facts.items()},),
        )
        gate = Gate(setting, Oracle(stands_in, "lib.Config"))
        gate.prove([rejecting(Clause(">", 5))])
        return gate

    (proven,) = gate_with(method="x", heads=4).proven
    assert proven.rule.match.fields == {"n": (Clause(">", 5),), "model.arch.method": (Clause("absent", True),)}
    lost = gate_with(method="x", heads=8)
    assert not lost.proven
    assert lost.lost[0].why.cause is Cause.OF_THE_MODEL
    (by_heads,) = gate_with(method=None, heads=8).proven
    assert by_heads.rule.match.fields["model.arch.heads"] == (Clause("==", 4),)


def test_what_goes_away_on_another_machine_is_no_rule() -> None:
    assert gate_after(rejecting(Clause(">", 5)), "x", machines=1).proven
    for models in ((), ("x",)):
        lost = gate_after(rejecting(Clause(">", 5)), *models, machines=2)
        assert not lost.proven
        assert lost.lost[0].why.cause is Cause.OF_THE_MACHINE


def test_a_check_that_is_seen_beside_one_model_alone_is_no_rule() -> None:
    """Beside the others another check speaks up: it does not say that this one would have."""
    assert gate_after(rejecting(Clause(">", 5)), "wide").proven
    assert gate_after(rejecting(Clause(">", 5)), "wide", "x").proven
    assert not gate_after(rejecting(Clause(">", 5)), "wide", "wide").proven


def test_a_bound_that_every_model_has_stays() -> None:
    assert gate_after(rejecting(Clause("<", 0)), "tall", "odd", machines=2).proven


def test_a_text_that_is_refused_only_where_no_file_is_of_that_name_is_no_rule() -> None:
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 5)
    fields = {"mode": (Clause("matches", "/"),)}
    candidate = Candidate(
        "lib.Config", Severity.ERROR, fields, outcome, MESSAGE, source, AddedBy.DYNAMIC_MINER, hints=({"mode": "x/y"},)
    )
    lost = gate_after(candidate)
    assert not lost.proven
    assert lost.lost[0].why.sentence == "whether there is such a file decides"


@pytest.mark.parametrize(
    ("shape", "model", "machines", "is_kept"),
    [
        ("known at run time", "tall", 0, True),
        ("known at run time", None, 2, False),
        ("asks the machine", None, 2, True),
        ("asks the machine", "tall", 0, False),
    ],
)
def test_a_guard_that_no_config_answers_is_kept_where_it_is_tried_in_another_world(
    shape: str, model: str | None, machines: int, is_kept: bool
) -> None:
    unsaid = replace(rejecting(Clause("<", 0)), opaque=(OpaqueGuard("HAS_PLUGIN", "lib/config.py:2", shape=shape),))
    gate = gate_after(unsaid, *((model,) if model else ()), machines=machines)
    assert bool(gate.proven) is is_kept
    if not is_kept:
        told = "a model, a running engine or the machine decides: HAS_PLUGIN [lib/config.py:2]"
        assert [lost.why.sentence for lost in gate.lost] == [told]


def test_a_config_near_the_example_that_is_accepted_everywhere_speaks_against_the_rule() -> None:
    broad = gate_after(rejecting(Clause(">", 3)), "x")
    assert not broad.proven
    assert broad.lost[0].why.cause is Cause.CONTRADICTED


def test_where_there_are_no_other_base_arguments_such_a_rule_is_refined() -> None:
    refined = gate_after(rejecting(Clause(">", 3)), machines=1).proven
    assert {"n": (Clause(">", 5),)} in [entry.rule.match.fields for entry in refined]


def emptied() -> Candidate:
    outcome = ExpectedOutcome(Outcome.DORMANT_SILENT, Channel.NONE, ("mode",))
    source = MinerSource("lib/config.py", "__init__", 9)
    return Candidate(
        "lib.Config", Severity.DORMANT, {"mode": (Clause("==", ""),)}, outcome, None, source, AddedBy.STATIC_MINER
    )


def test_a_value_that_is_drawn_anew_each_time_is_no_normalisation() -> None:
    drawn = gate_after(emptied(), draws=itertools.count())
    assert not drawn.proven
    assert drawn.lost[0].why.sentence == "what the value becomes is another each time"
    assert gate_after(emptied(), draws=itertools.repeat(7)).proven


def test_a_change_that_another_model_does_not_bring_about_is_no_rule() -> None:
    slowed = replace(emptied(), fields={"mode": (Clause("==", "fast"),)})
    assert gate_after(slowed, "x", machines=2).proven
    lost = gate_after(slowed, "tall")
    assert not lost.proven
    assert lost.lost[0].why.cause is Cause.OF_THE_MODEL


class _Picky(Library):
    """Takes two modes, and one of them is changed."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        if kwargs.get("mode", "fast") in ("fast", "exact"):
            return None
        return ObservedException("ValueError", "of another matter", raised_at="lib/other.py:9")


def test_an_announcement_whose_guard_is_not_all_said_is_no_rule_if_one_value_alone_shows_it() -> None:
    def lost_of(fields: Mapping[str, tuple[Clause, ...]], *opaque: OpaqueGuard) -> list[Cause]:
        outcome = ExpectedOutcome(Outcome.DORMANT_SILENT, Channel.NONE, ("mode",))
        source = MinerSource("lib/config.py", "__init__", 3)
        candidate = Candidate(
            "lib.Config", Severity.DORMANT, fields, outcome, None, source, AddedBy.STATIC_MINER, opaque=opaque
        )
        stands_in: Any = _Picky(itertools.repeat(7))
        setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), other_kwargs=({"model": "x"},))
        gate = Gate(setting, Oracle(stands_in, "lib.Config"))
        gate.prove([replace(candidate, hints=({"mode": "fast"},), clear=({"mode": "exact"},))])
        return [lost.why.cause for lost in gate.lost]

    unsaid = OpaqueGuard("self.model.mode == 'fast'", "lib/config.py:2", shape="known at run time")
    anything = {"mode": (Clause("!=", "exact"),)}
    assert lost_of(anything, unsaid) == [Cause.SEEN_ONCE]
    assert lost_of({"mode": (Clause("==", "fast"),)}, unsaid) == []
