"""An effect that the moment or the model at hand brings about makes no rule about a config."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from miners.candidate import Candidate
from miners.oracle import Oracle
from miners.proof import Gate
from pytest_llem_invariants.model import (
    AddedBy,
    Change,
    Channel,
    Clause,
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
    """Rejects what is above a bound of the model, and fills an empty mode with a number drawn anew each time."""

    def __init__(self, draws: itertools.count[int] | itertools.repeat[int]) -> None:
        self._draws = draws

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        n, longest = kwargs.get("n", 1), 100 if kwargs.get("model") == "tall" else 5
        if isinstance(n, (int, float)) and (n < 0 or n > longest):
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        drawn = {"mode": Change("", next(self._draws))} if kwargs.get("mode") == "" else {}
        return Observation(exception=self.raises(native_type, kwargs, context), normalisations=drawn)

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def gate_after(candidate: Candidate, draws: Any = None, other_kwargs: Kwargs | None = None) -> Gate:
    stands_in: Any = Library(draws or itertools.repeat(7))
    oracle = Oracle(stands_in, "lib.Config")
    gate = Gate(
        FACTS, oracle, engine="lib", library="lib", added_at="2026-01-01", other_kwargs=other_kwargs or {"model": "x"}
    )
    gate.prove([candidate])
    return gate


def rejecting(clause: Clause) -> Candidate:
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    return Candidate("lib.Config", Severity.ERROR, {"n": (clause,)}, outcome, MESSAGE, source, AddedBy.STATIC_MINER)


def test_a_bound_of_the_model_at_hand_is_no_rule() -> None:
    assert gate_after(rejecting(Clause(">", 5))).proven
    lost = gate_after(rejecting(Clause(">", 5)), other_kwargs={"model": "tall"})
    assert not lost.proven
    assert "holds beside one model alone" in lost.lost[0].reason


def test_a_bound_that_every_model_has_stays() -> None:
    assert gate_after(rejecting(Clause("<", 0)), other_kwargs={"model": "tall"}).proven


def emptied() -> Candidate:
    outcome = ExpectedOutcome(Outcome.DORMANT_SILENT, Channel.NONE, ("mode",))
    source = MinerSource("lib/config.py", "__init__", 9)
    return Candidate(
        "lib.Config", Severity.DORMANT, {"mode": (Clause("==", ""),)}, outcome, None, source, AddedBy.STATIC_MINER
    )


def test_a_value_that_is_drawn_anew_each_time_is_no_normalisation() -> None:
    drawn = gate_after(emptied(), itertools.count())
    assert not drawn.proven
    assert drawn.lost[0].reason == "what the value becomes is another each time"
    assert gate_after(emptied(), itertools.repeat(7)).proven
