"""A rule is tried with all variables changed at once, and with each by itself where that changes the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
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
    Severity,
)
from tests.evidence.test_soundness import FACTS, MESSAGE

VARIABLES = {f"env.V{number}": ContextField(0, (0, 1)) for number in range(5)}
CONTEXT = {"platform": ContextField("cpu", ("cpu", "cuda")), **VARIABLES}


class Library:
    """Rejects a negative number, unless a context field has a certain value."""

    def __init__(self, name: str, allowing: Any) -> None:
        self._name, self._allowing = name, allowing
        self.contexts: list[Mapping[str, Any]] = []

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        if kwargs == {"n": -1}:
            self.contexts.append(dict(context))
        if kwargs.get("n") == -1 and context.get(self._name) != self._allowing:
            return ObservedException("ValueError", MESSAGE, raised_at="lib/config.py:3")
        return None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


def proven(library: Any) -> Gate:
    default = {name: field.default for name, field in CONTEXT.items()}
    gate = Gate(
        Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=CONTEXT, contexts=tuple(CONTEXT)),
        Oracle(library, "lib.Config", default=default),
    )
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    source = MinerSource("lib/config.py", "__init__", 3)
    fields = {"n": (Clause("==", -1),)}
    gate.prove([Candidate("lib.Config", Severity.ERROR, fields, outcome, MESSAGE, source, AddedBy.STATIC_MINER)])
    return gate


def test_a_rule_that_no_variable_matters_to_is_asked_about_all_at_once() -> None:
    library = Library("none", "none")
    (entry,) = proven(library).proven
    assert entry.rule.match.fields.keys() == {"n"}
    changed = [
        frozenset(name for name, value in one.items() if value != CONTEXT[name].default) for one in library.contexts
    ]
    assert list(dict.fromkeys(changed)) == [frozenset(), {"platform"}, set(VARIABLES)]


@pytest.mark.parametrize(("name", "allowing", "held"), [("env.V3", 1, 0), ("platform", "cuda", "cpu")])
def test_a_rule_is_confined_to_the_context_in_which_it_holds(name: str, allowing: Any, held: Any) -> None:
    (entry,) = proven(Library(name, allowing)).proven
    assert entry.rule.match.fields[name] == (Clause("==", held),)
    assert entry.rule.match.fields.keys() == {"n", name}
