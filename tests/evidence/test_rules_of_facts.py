"""A rule that names a fact holds beside other values of it and beside other models, or it is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Cause, Proven, Why
from miners.examples.checks import Checks
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from miners.static import SiteFinding
from miners.static.effects import EffectKind, Site
from pytest_llem_invariants.engines.base import MACHINE
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ContextField,
    ExpectedOutcome,
    Kwargs,
    MinerSource,
    Observation,
    ObservedException,
    Outcome,
    Reading,
    Severity,
)
from pytest_llem_invariants.replay.contexts import context_of
from tests.evidence.test_soundness import FACTS, MESSAGE

DECLARED = {
    "model.heads": ContextField(4, (4, 12, 40), False, "int"),
    "model.odd": ContextField(False, (False, True), False, "bool"),
    "device.count": ContextField(8, (8, 1, 2), False, "int"),
}
MODELS = {"tall": {"model.heads": 5040, "model.odd": False}, "odd": {"model.heads": 12, "model.odd": True}}


class Library:
    """Rejects what does not divide the heads of the model, unless that is odd, and more than there are devices."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        facts = {**{name: field.default for name, field in DECLARED.items()}, **context}
        facts.update(MODELS.get(kwargs.get("model", ""), {}))
        if MACHINE in context:
            facts["device.count"] = 1
        n = kwargs.get("n", 1)
        if isinstance(n, bool) or not isinstance(n, (int, float)) or n == 0:
            return None
        if facts["model.heads"] % n and not facts["model.odd"]:
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3")
        if n > facts["device.count"]:
            return ObservedException("ValueError", "too few devices", raised_at="lib/config.py:4")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def gate_after(fields: Mapping[str, tuple[Clause, ...]], *models: str, line: int = 3, machines: int = 0) -> Gate:
    stands_in: Any = Library()
    setting = Setting(
        FACTS,
        Origin("lib", "lib", "2026-01-01"),
        context=DECLARED,
        other_kwargs=tuple({"model": model} for model in models),
        model_facts=tuple(MODELS[model] for model in models),
        machines=machines,
    )
    gate = Gate(setting, Oracle(stands_in, "lib.Config"))
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", line)
    gate.prove([Candidate("lib.Config", Severity.ERROR, fields, outcome, None, source, AddedBy.STATIC_MINER)])
    return gate


NOT_ODD = {"model.odd": (Clause("==", False),)}
OF_HEADS = {"model.heads": (Clause("not_divisible_by", "@n"),)}


@pytest.mark.parametrize("models", [(), ("tall",), ("tall", "odd")])
def test_a_rule_about_a_fact_is_asked_beside_another_model_only_where_it_speaks_of_it(models: tuple[str, ...]) -> None:
    (proven,) = gate_after({**OF_HEADS, **NOT_ODD}, *models).proven
    assert proven.rule.world == {}
    assert proven.rule.kwargs_positive == {"n": 3}


def test_a_fact_that_is_not_the_whole_of_it_makes_no_rule() -> None:
    lost = gate_after(OF_HEADS, "tall", "odd")
    assert not lost.proven
    assert lost.lost[0].why.cause is Cause.OF_THE_MODEL
    # 3 does not divide the 4 heads of the model at hand, but the 12 of another.
    bound = gate_after({"n": (Clause("==", 3),), "model.heads": (Clause("<=", 40),), **NOT_ODD})
    assert not bound.proven
    assert bound.lost[0].why.cause is Cause.CONTRADICTED


def test_an_example_is_looked_for_beside_other_values_of_a_fact_and_says_so() -> None:
    fields = {"device.count": (Clause("<", "@n"),), "n": (Clause("==", 2),)}
    (proven,) = gate_after(fields, line=4).proven
    assert proven.rule.world == {"device.count": 1}
    assert context_of(proven.rule, DECLARED) == {"model.heads": 4, "model.odd": False, "device.count": 1}


def test_a_rule_about_the_devices_is_not_asked_on_another_machine() -> None:
    fields = {"device.count": (Clause("<", "@n"),), "n": (Clause("in", [2, 4]),)}
    assert gate_after(fields, "tall", line=4, machines=2).proven


def test_what_was_read_where_a_rule_is_raised_is_put_beside_its_example() -> None:
    """Probing does not say that a field frees from the check: the code does, and the library confirms it."""

    class Freed(Library):
        frees = (2,)

        def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
            return None if kwargs.get("beams", 1) in self.frees else super().raises(native_type, kwargs, context)

    stands_in: Any = Freed()
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    fields = {**OF_HEADS, **NOT_ODD}
    candidate = Candidate("lib.Config", Severity.ERROR, fields, outcome, None, source, AddedBy.DYNAMIC_MINER)
    read = replace(candidate, fields={**fields, "beams": (Clause("!=", 2),)}, added_by=AddedBy.STATIC_MINER)

    def proven_with(*checks: Candidate) -> tuple[Proven, ...]:
        findings = (
            [SiteFinding("lib.Config", Site("lib/config.py", 3, "__init__"), EffectKind.RAISE, checks, ())]
            if checks
            else []
        )
        gate = Gate(
            Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=DECLARED),
            Oracle(stands_in, "lib.Config"),
            checks=Checks(FACTS, {}, lambda name: findings, context=DECLARED),
        )
        gate.prove([candidate])
        return gate.proven

    assert "beams" not in proven_with()[0].rule.match.fields
    assert all("beams" in one.rule.match.fields for one in proven_with(read))
    # What falls into pieces was not understood.
    Freed.frees = (2, 3, 7)
    assert not proven_with(read)


def test_what_was_probed_where_all_that_was_read_asks_for_a_fact_has_to_name_it() -> None:
    stands_in: Any = Library()
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 4)
    probed = Candidate(
        "lib.Config", Severity.ERROR, {"n": (Clause(">", 8),)}, outcome, None, source, AddedBy.DYNAMIC_MINER
    )
    of_devices = replace(probed, fields={"device.count": (Clause("<", "@n"),)}, added_by=AddedBy.STATIC_MINER)

    def gate_with(*checks: Candidate) -> Gate:
        findings = [SiteFinding("lib.Config", Site("lib/config.py", 4, "__init__"), EffectKind.RAISE, checks, ())]
        gate = Gate(
            Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=DECLARED),
            Oracle(stands_in, "lib.Config"),
            checks=Checks(FACTS, {}, lambda name: findings, context=DECLARED),
        )
        gate.prove([probed])
        return gate

    assert gate_with(of_devices).lost[0].why == Why(Cause.LEAVES_UNSAID, names=("device.count",))
    without = replace(of_devices, fields={"n": (Clause(">", 8),)})
    assert gate_with(of_devices, without).proven


def test_a_number_of_the_placeholder_model_in_a_probed_rule_is_asked_of_models_of_which_that_is_another() -> None:
    length = "model.arch.length"

    class Short:
        """Rejects what is longer than the model."""

        def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
            is_long = kwargs.get("n", 1) > context.get(length, 2048)
            return ObservedException("ValueError", "too long", raised_at="lib/config.py:3") if is_long else None

        def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
            return Observation(exception=self.raises(native_type, kwargs, context))

        def no_verdict(self, exception: ObservedException) -> str | None:
            return None

    def proven_with(*values: int) -> tuple[Proven, ...]:
        stands_in: Any = Short()
        outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
        source = MinerSource("lib/config.py", "__init__", 3)
        fields = {"n": (Clause(">", 2048),)}
        candidate = Candidate("lib.Config", Severity.ERROR, fields, outcome, None, source, AddedBy.DYNAMIC_MINER)
        declared = {length: ContextField(2048, (2048, *values), False, "int", Reading(("length",)))}
        setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=declared)
        gate = Gate(setting, Oracle(stands_in, "lib.Config"))
        gate.prove([candidate])
        return gate.proven

    assert proven_with(512)  # what is longer than 2048 is longer than 512, too
    assert not any(one.rule.match.fields == {"n": (Clause(">", 2048),)} for one in proven_with(8192))


def test_a_rule_about_a_fact_is_asked_at_each_of_its_values_on_the_other_platforms() -> None:
    method = "model.method"

    class ByPlatform:
        """Takes one method of a model on one platform alone, and refuses the others everywhere."""

        def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
            told, platform = context.get(method), context.get("platform", "cpu")
            if kwargs.get("n") != 3 or told is None or (told == "awq" and platform == "cuda"):
                return None
            return ObservedException("ValueError", "does not match", raised_at="lib/config.py:3")

        def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
            return Observation(exception=self.raises(native_type, kwargs, context))

        def no_verdict(self, exception: ObservedException) -> str | None:
            return None

    stands_in: Any = ByPlatform()
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    declared = {
        "platform": ContextField("cpu", ("cpu", "cuda")),
        method: ContextField(None, (None, "fp8", "awq"), False, "str", Reading(("method",))),
    }
    setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=declared, contexts=("platform",))
    gate = Gate(setting, Oracle(stands_in, "lib.Config"))
    fields = {"n": (Clause("==", 3),), method: (Clause("in", ["fp8", "awq"]),)}
    gate.prove([Candidate("lib.Config", Severity.ERROR, fields, outcome, None, source, AddedBy.DYNAMIC_MINER)])
    assert not any(one.rule.match.fields == fields for one in gate.proven)


def test_a_number_of_the_default_server_is_no_rule_about_every_server() -> None:
    """What is probed is rejected beside the server at hand: another one allows more."""
    served = {"served.most": ContextField(20, (20, 5, 100), False, "int")}

    class Server(Library):
        def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
            n = kwargs.get("n", 1)
            is_more = is_number(n) and n > context.get("served.most", 20)
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3") if is_more else None

    def gate_after_one(**fields: tuple[Clause, ...]) -> Gate:
        outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
        source = MinerSource("lib/config.py", "__init__", 3)
        stands_in: Any = Server()
        origin = Origin("lib", "lib", "2026-01-01")
        setting = Setting(FACTS, origin, context=served, served=tuple(served))
        gate = Gate(setting, Oracle(stands_in, "lib.Config"))
        hints = ({"n": 2**40},)
        gate.prove(
            [Candidate("lib.Config", Severity.ERROR, fields, outcome, None, source, AddedBy.DYNAMIC_MINER, hints=hints)]
        )
        return gate

    lost = gate_after_one(n=(Clause(">", 20),))
    assert not lost.proven
    assert (lost.lost[0].why.cause, lost.lost[0].why.names) == (Cause.LEAVES_UNSAID, ("served.most",))
    assert gate_after_one(n=(Clause(">", "@served.most"),)).proven
