"""Fields of one family are tried beside each other: what one asks for is often another that is named like it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from miners.candidates.candidate import Candidate
from miners.examples.kin import Families, texts_in
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

MESSAGE = "drafted tokens want a method"
FIELDS = {
    "spec_tokens": FieldFact("spec_tokens", "int | None", ("int",), nullable=True, default=None),
    "spec_method": FieldFact("spec_method", "str | None", ("str",), nullable=True, default=None),
    "size": FieldFact("size", "int", ("int",), default=1),
}
FACTS = ClassFacts("lib.Config", "lib:Config", ClassKind.PLAIN, FIELDS, "lib/config.py", 1)
BUILT = ClassFacts("lib.Inner", "lib:Inner", ClassKind.PLAIN, {}, "lib/config.py", 1, base_kwargs={"method": "ngram"})


class Library:
    """Takes drafted tokens with the one method that it knows."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        if isinstance(kwargs.get("spec_tokens"), int) and kwargs.get("spec_method") != "ngram":
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def test_a_rule_of_one_field_learns_that_another_of_its_family_frees_it() -> None:
    stands_in: Any = Library()
    surface = {"lib.Config": FACTS, "lib.Inner": BUILT}
    gate = Gate(Setting(FACTS, Origin("lib", "lib", "2026-01-01"), surface), Oracle(stands_in, "lib.Config"))
    fields = {"spec_tokens": (Clause("type_is", "int"),)}
    outcome, source = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION), MinerSource("lib/config.py", "f", 3)
    gate.prove([Candidate("lib.Config", Severity.ERROR, fields, outcome, MESSAGE, source, AddedBy.DYNAMIC_MINER)])
    triggers = [compile_match(entry.rule.match) for entry in gate.proven]
    assert triggers
    assert any(fires({"spec_tokens": 3}, EMPTY) for fires in triggers)
    assert not any(fires({"spec_tokens": 3, "spec_method": "ngram"}, EMPTY) for fires in triggers)


def test_a_family_is_given_what_the_classes_are_built_with_and_what_its_types_take() -> None:
    families = Families(FACTS, texts_in({"lib.Inner": BUILT}))
    configs = list(families.beside(["spec_tokens"], {"spec_tokens": 1}))
    assert {"spec_tokens": 1, "spec_method": "ngram"} in configs
    assert all("size" not in kwargs for kwargs in configs)
