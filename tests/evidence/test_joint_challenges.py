"""What no rule foresees by itself: another rule's constants, and text that a library reads as something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from miners.candidates.candidate import Candidate
from miners.examples.challenges import jointly
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
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
    Severity,
    TypedValue,
)

FACTS = ClassFacts(
    "lib.Config",
    "lib:Config",
    ClassKind.PYDANTIC_MODEL,
    {
        "size": FieldFact("size", "int", ("int",), nullable=False, default=256),
        "group": FieldFact("group", "int", ("int",), nullable=False, default=256),
        "share": FieldFact("share", "bool", ("bool",), nullable=False, default=False),
        "offload": FieldFact("offload", "bool", ("bool",), nullable=False, default=True),
    },
    "lib.py",
    1,
)
FALSE = frozenset({"n", "no", "f", "false", "0"})
"""Without the one that every rule about truth is probed with."""


def error(message: str, line: int) -> ObservedException:
    return ObservedException("ValueError", message, raised_at=f"lib.py:{line}")


class Library:
    """Takes a group of 64 or 256, whole groups, and reads text as pydantic does."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Any) -> ObservedException | None:
        share = kwargs.get("share", False)
        if isinstance(share, str):
            share = share.lower() not in FALSE
        size, group = kwargs.get("size", 256), kwargs.get("group", 256)
        if group not in (64, 256):
            return error("a group of 64 or 256", 1)
        if isinstance(size, (int, float)) and size % group:
            return error("not made of whole groups", 2)
        return (
            error("nothing is offloaded that could be shared", 3) if share and not kwargs.get("offload", True) else None
        )

    def observe(self, native_type: str, kwargs: Kwargs, context: Any) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def gate_with(*guesses: tuple[dict[str, tuple[Clause, ...]], str, int]) -> Gate:
    stands_in: Any = Library()
    gate = Gate(Setting(FACTS, Origin("lib", "lib", "2026-01-01")), Oracle(stands_in, "lib.Config"), probe_limit=24)
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    for fields, message, line in guesses:
        source = MinerSource("lib.py", "__init__", line)
        gate.prove([Candidate("lib.Config", Severity.ERROR, fields, outcome, message, source, AddedBy.DYNAMIC_MINER)])
    assert len(gate.proven) == len(guesses)
    return gate


def challenge(gate: Gate, most: int = 3_000) -> None:
    gate.challenge(list(jointly([entry.rule for entry in gate.proven], FACTS, most)))


def test_a_threshold_that_another_fields_constant_moves_is_refuted() -> None:
    gate = gate_with(
        ({"group": (Clause("not_in", [64, 256]),)}, "a group of 64 or 256", 1),
        ({"size": (Clause("not_divisible_by", 256),)}, "not made of whole groups", 2),
    )
    assert gate.rejects({"size": 64, "group": 64})
    challenge(gate)
    assert not gate.rejects({"size": 64, "group": 64})
    assert gate.rejects({"group": 65})


def test_text_that_reads_as_false_is_not_true() -> None:
    guess = {"share": (Clause("truthy", True),), "offload": (Clause("==", False),)}
    gate = gate_with((guess, "nothing is offloaded that could be shared", 3))
    assert gate.rejects({"share": "N", "offload": False})
    challenge(gate)
    assert not gate.rejects({"share": "N", "offload": False})
    assert gate.rejects({"share": True, "offload": False})


def test_the_same_rules_give_the_same_challenges_and_hardly_more_than_asked_for() -> None:
    gate = gate_with(({"group": (Clause("not_in", [64, 256]),)}, "a group of 64 or 256", 1))
    rules = [entry.rule for entry in gate.proven]
    assert list(jointly(rules, FACTS, 40)) == list(jointly(rules, FACTS, 40))
    assert len(list(jointly(rules, FACTS, 40))) - len(list(jointly(rules, FACTS, 0))) <= 40


def test_an_object_is_also_tried_with_another_content() -> None:
    inner = replace(FACTS, native_type="lib.Inner", fields={"size": FACTS.fields["size"]})
    held = FieldFact("inner", "Inner", ("lib.Inner",), nullable=False, default=None)
    outer = replace(FACTS, fields={"inner": held})
    gate = gate_with(({"group": (Clause("not_in", [64, 256]),)}, "a group of 64 or 256", 1))
    (rule,) = (entry.rule for entry in gate.proven)
    about_inner = replace(rule, match=replace(rule.match, fields={"inner": (Clause("type_is", "lib.Inner"),)}))
    given = [kwargs["inner"] for kwargs in jointly([about_inner], outer, 0, {"lib.Config": outer, "lib.Inner": inner})]
    contents = [value.kwargs for value in given if isinstance(value, TypedValue)]
    assert contents
    assert all(content.keys() == {"size"} for content in contents)


def test_a_number_is_also_tried_as_its_text() -> None:
    gate = gate_with(({"group": (Clause("not_in", [64, 256]),)}, "a group of 64 or 256", 1))
    given = [kwargs.get("group") for kwargs in jointly([entry.rule for entry in gate.proven], FACTS, 0)]
    assert {"64", "256"} <= {value for value in given if isinstance(value, str)}
