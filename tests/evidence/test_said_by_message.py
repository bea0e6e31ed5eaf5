"""An error's own words name what would be taken: the example of a probed rule is tried beside each of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from miners.candidates.candidate import Candidate
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import (
    EMPTY,
    AddedBy,
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

WORDS = tuple(f"backend_{number}" for number in range(30))
TAKEN = "backend_23"
MESSAGE = f"overlap wants a backend that can do it: use --backend={TAKEN}"
FIELDS = {
    "overlap": FieldFact("overlap", "bool", ("bool",), default=False),
    "backend": FieldFact("backend", "str", ("str",), default=WORDS[0], words=WORDS),
    "size": FieldFact("size", "int", ("int",), default=1),
}
FACTS = ClassFacts("lib.Config", "lib:Config", ClassKind.PLAIN, FIELDS, "lib/config.py", 1)


class Library:
    """Overlaps with the one backend that its message names."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        if kwargs.get("overlap") is True and kwargs.get("backend") != TAKEN:
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def test_a_probed_rule_does_not_claim_what_its_own_message_asks_for() -> None:
    stands_in: Any = Library()
    gate = Gate(
        Setting(FACTS, Origin("lib", "lib", "2026-01-01"), {"lib.Config": FACTS}), Oracle(stands_in, "lib.Config")
    )
    outcome, source = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION), MinerSource("lib/config.py", "f", 3)
    fields = {"overlap": (Clause("==", True),)}
    gate.prove([Candidate("lib.Config", Severity.ERROR, fields, outcome, MESSAGE, source, AddedBy.DYNAMIC_MINER)])
    triggers = [compile_match(entry.rule.match) for entry in gate.proven]
    assert not any(fires({"overlap": True, "backend": TAKEN}, EMPTY) for fires in triggers)
