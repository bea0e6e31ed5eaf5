"""A guard on a field that takes certain words, and in silence an older one."""

from __future__ import annotations

from typing import Final

from miners.candidates.candidate import Candidate
from miners.examples.space import SearchSpace
from miners.gate.refine import refine
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ExpectedOutcome,
    Kwargs,
    MinerSource,
    Outcome,
    Severity,
)

BACKENDS: Final = ("auto", "one", "two", "three", "four", "five", "six", "seven")
FACTS: Final = ClassFacts(
    "lib.Config",
    "lib:Config",
    ClassKind.PLAIN,
    {
        "layout": FieldFact("layout", "str", ("str",), nullable=False, default="near"),
        "backend": FieldFact("backend", "Backend", ("Backend",), nullable=False, literals=BACKENDS, default="auto"),
    },
    "lib.py",
    1,
)


def test_the_guard_names_the_members_where_something_else_is_accepted() -> None:
    def shows(kwargs: Kwargs) -> bool:
        return kwargs.get("layout", "near") not in ("near", "far") and kwargs.get("backend", "auto") in BACKENDS

    guess = Candidate(
        "lib.Config",
        Severity.ERROR,
        {"layout": (Clause("not_in", ["near", "far"]),)},
        ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        None,
        MinerSource("lib.py", "__init__", 1),
        AddedBy.DYNAMIC_MINER,
        hints=({"layout": "wide"},),
    )
    found = refine(guess, ({"layout": "wide", "backend": "old"},), shows, SearchSpace(FACTS))
    assert [dict(one.candidate.fields)["backend"] for one in found] == [(Clause("in", list(BACKENDS)),)]
    assert all(one.candidate.defaults == {"backend": "auto"} for one in found)
