"""The dynamic miner finds a sample again without knowing that it was found: only then two have found it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from miners.build.named_class import adapter_for
from miners.build.pipeline import Crew, build
from miners.gate.blind import agreed, probe_blind, sample_of
from miners.gate.oracle import Oracle
from miners.process.progress import Progress
from pytest_llem_invariants.model import AddedBy, Clause, Kwargs, Match, Observation, ObservedException, Rule, Severity
from tests.dynamic.test_probe import FACTS, class_of, raises
from tests.evidence.test_challenge import NEGATIVE, gate_of
from tests.evidence.test_handwritten import guess, rule

SMALL = class_of(n=1, m=1)


class Library:
    """Refuses a negative n, and counts how often it is asked."""

    asked = 0

    def raises(self, native_type: str, kwargs: Kwargs, context: Any = None) -> ObservedException | None:
        self.asked += 1
        n = kwargs.get("n", 1)
        if isinstance(n, (int, float)) and n < 0:
            return ObservedException("ValueError", f"n must be at least 0, got {n}", raised_at="lib/config.py:3")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Any) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def oracle_of(library: Any, native_type: str = "lib.Config") -> Oracle:
    return Oracle(library, native_type)


def told(*clauses: Clause, added_by: AddedBy = AddedBy.STATIC_MINER, **others: Any) -> Rule:
    base = rule("read", added_by, {}, {"n": -1})
    return replace(base, match=Match("lib", {"n": clauses}), **others)


def test_the_sample_is_of_the_class_and_of_nothing_else() -> None:
    backwards = replace(FACTS, fields=dict(reversed(FACTS.fields.items())))
    assert sample_of(FACTS) == sample_of(backwards)
    assert set(sample_of(FACTS)) < set(FACTS.fields)
    assert sample_of(replace(FACTS, native_type="lib.Other")) != sample_of(FACTS)
    fixed = replace(SMALL, fields={**SMALL.fields, "m": replace(SMALL.fields["m"], init=False)})
    assert sample_of(fixed) == ("n",)


def test_who_claims_the_same_in_other_words_has_found_it_too() -> None:
    blind = probe_blind(SMALL, oracle_of(Library()), {}, 40_000)
    surface = {"lib.Config": SMALL}
    same = told(Clause("<", 0), Clause("!=", 7))
    (found,) = agreed([same], blind, surface)
    assert found.cross_validated_by == (AddedBy.DYNAMIC_MINER,)
    assert replace(found, cross_validated_by=()) == same


@pytest.mark.parametrize(
    "other",
    [
        told(Clause("<=", 0)),
        told(Clause("<", -1)),
        told(Clause("<", 0), severity=Severity.WARN),
        told(Clause("<", 0), added_by=AddedBy.DYNAMIC_MINER),
        told(Clause("<", 0), native_type="lib.Other"),
    ],
)
def test_who_claims_something_else_or_is_the_same_producer_has_not(other: Rule) -> None:
    blind = probe_blind(SMALL, oracle_of(Library()), {}, 40_000)
    assert agreed([other], blind, {"lib.Config": SMALL}) == (other,)


def test_a_slow_class_is_asked_little() -> None:
    library = Library()
    probe_blind(SMALL, oracle_of(library), {}, 400)
    assert library.asked < 400


def test_only_the_sample_is_asked_about() -> None:
    class Asked(Library):
        def __init__(self) -> None:
            self.names: set[str] = set()

        def raises(self, native_type: str, kwargs: Kwargs, context: Any = None) -> ObservedException | None:
            self.names |= kwargs.keys()
            return raises(kwargs)

    library = Asked()
    probe_blind(FACTS, oracle_of(library), {}, 40_000)
    assert library.names == set(sample_of(FACTS))


def test_a_build_tells_which_of_what_was_read_was_found_blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
class Served:
    def __init__(self, streams=1, width=1):
        if streams < 1:
            raise ValueError(f"streams must be at least 1, not {streams}")
        self.streams, self.width = streams, width
"""
    (tmp_path / "blindlib.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        adapter = adapter_for("blindlib:Served")
        mined = [build(adapter, Crew(Progress(quiet=True), workers=n)).corpus.rules for n in (1, 2)]
    finally:
        sys.modules.pop("blindlib", None)
    assert mined[0] == mined[1]
    (read,) = [one for one in mined[0] if one.added_by is AddedBy.STATIC_MINER]
    assert read.cross_validated_by == (AddedBy.DYNAMIC_MINER,)


def test_a_rule_that_a_second_producer_brings_to_the_gate_is_told_of_both() -> None:
    gate = gate_of(NEGATIVE)
    lifted, by_hand = guess(AddedBy.PYDANTIC_LIFT, NEGATIVE), guess(AddedBy.MANUAL_SEED, NEGATIVE)
    read = guess(AddedBy.STATIC_MINER, NEGATIVE)
    gate.prove([read, lifted, by_hand, read])
    (entry,) = gate.finished()
    assert entry.rule.cross_validated_by == (AddedBy.PYDANTIC_LIFT,)
