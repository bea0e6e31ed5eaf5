"""A rule whose line lies behind other checks: its example comes past them, on a live class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Cause
from miners.code.imported import ImportedReader
from miners.examples.checks import Checks
from miners.examples.detours import NO_VERDICT
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from miners.static import mine_class
from miners.surface import class_facts
from pytest_llem_invariants.language.values import resolve_class
from pytest_llem_invariants.model import Clause, ContextField, Observation, ObservedException
from tests.evidence import guarded

FILE = "tests/evidence/guarded.py"
SURFACE = {name: class_facts(getattr(guarded, name), name) for name in ("Outer", "Inner", "Plan", "Runner")}
READER = ImportedReader("tests")


def read(name: str) -> Any:
    return mine_class(SURFACE[name], SURFACE, READER, engine="toy")


class Library:
    """Stands in for an observer: builds the classes, and tells the line that rejects."""

    def observe(self, native_type: str, kwargs: Any, context: Any) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))

    def raises(self, native_type: str, kwargs: Any, context: Any) -> ObservedException | None:
        try:
            self.build(native_type, kwargs)
        except (ValueError, TypeError, AttributeError) as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            return ObservedException(type(error).__name__, str(error), raised_at=f"{FILE}:{trace and trace.tb_lineno}")
        return None

    def build(self, native_type: str, kwargs: Any) -> Any:
        given = {
            name: self.build(resolve_class(value.type, SURFACE) or "", value.kwargs)
            if hasattr(value, "kwargs")
            else value
            for name, value in kwargs.items()
        }
        return getattr(guarded, native_type)(**given)

    def no_verdict(self, exception: ObservedException) -> str | None:
        return "environment: a package" if "package" in exception.message else None


class Elsewhere(Library):
    """Rejects nothing on the platform at hand."""

    def raises(self, native_type: str, kwargs: Any, context: Any) -> ObservedException | None:
        return super().raises(native_type, kwargs, context) if context.get("platform") == "far" else None


def gate(*, with_checks: bool, of: str = "Outer", library: Any = None, **more: Any) -> Gate:
    facts = SURFACE[of]
    checks = Checks(facts, SURFACE, read) if with_checks else None
    oracle = Oracle(library or Library(), of)
    setting = Setting(facts, Origin("toy", "toy", "2026-01-01"), SURFACE, **more)
    return Gate(setting, oracle, checks=checks)


def candidates(message: str, of: str = "Outer") -> list[Candidate]:
    return [one for finding in read(of) for one in finding.candidates if one.template == message]


@pytest.mark.parametrize(
    "message",
    [
        "behind a check of its own",
        "behind a check of what it holds",
        "behind an object that is not given",
        "behind a check of what the code has set",
    ],
)
def test_an_example_comes_past_the_checks_before_its_line(message: str) -> None:
    without = gate(with_checks=False)
    without.prove(candidates(message))
    assert not without.proven
    assert without.lost[0].why.cause is Cause.ANOTHER_CHECK
    assert without.lost[0].world == {}  # an example was looked for, in the default world
    led = gate(with_checks=True)
    led.prove(candidates(message))
    assert [entry.rule.message_template for entry in led.proven] == [message]
    assert [entry.rule.match.fields for entry in led.proven] == [candidates(message)[0].fields]
    assert not led.lost


def test_a_line_that_no_config_comes_to_stays_without_example() -> None:
    led = gate(with_checks=True)
    led.prove(candidates("never met"))
    assert not led.proven
    assert [lost.why.cause is Cause.BEHIND for lost in led.lost] == [True]


def test_a_line_to_which_a_way_may_lead_is_not_told_to_be_sealed() -> None:
    led = gate(with_checks=True)
    led.prove(candidates("behind what nobody reads"))
    assert not led.proven
    assert [lost.why.cause is Cause.BEHIND for lost in led.lost] == [False]


def test_a_line_behind_one_of_the_same_condition_is_told_as_that() -> None:
    (first,) = candidates("fast needs a step")
    second = replace(first, source=replace(first.source, line_at_scan=first.source.line_at_scan + 100))
    led = gate(with_checks=True)
    led.prove([first, second])
    assert [entry.rule.miner_source.guard for entry in led.proven] == [first.source.guard]
    assert [(lost.why.cause, lost.why.place) for lost in led.lost] == [(Cause.BEHIND, first.source.guard)]


def test_every_way_to_a_line_may_end_at_what_this_machine_cannot_tell() -> None:
    led = gate(with_checks=True, of="Runner")
    led.prove(candidates("behind what is not installed", "Runner"))
    assert not led.proven
    assert [lost.ends for lost in led.lost] == [(NO_VERDICT,)]


def test_what_is_accepted_here_is_looked_for_in_another_context() -> None:
    platform = {"platform": ContextField("near", ("near", "far"))}
    led = gate(with_checks=True, of="Runner", library=Elsewhere(), context=platform, contexts=("platform",))
    led.prove(candidates("eight", "Runner"))
    assert [entry.rule.match.fields for entry in led.proven] == [
        {"size": (Clause("==", 8),), "platform": (Clause("==", "far"),)}
    ]
    assert not led.lost


def test_what_asks_for_the_context_alone_is_no_matter_of_an_argument() -> None:
    platform = {"platform": ContextField("near", ("near", "far"))}
    led = gate(with_checks=True, of="Runner", library=Elsewhere(), context=platform)
    (eight,) = candidates("eight", "Runner")
    led.prove([replace(eight, fields={"platform": (Clause("==", "far"),)})])
    assert [lost.why.cause for lost in led.lost] == [Cause.NO_ARGUMENT]
