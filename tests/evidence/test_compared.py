"""What was probed may have been compared with a field that was not given: the example is tried beside other numbers."""

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

NUMBERS = [f"number_{index}" for index in range(4)]
FIELDS = {
    "least": FieldFact("least", "int", ("int",), default=0),
    "most": FieldFact("most", "int", ("int",), default=16),
    "listed": FieldFact("listed", "list | None", ("list",), nullable=True, default=None, examples=([3],)),
    **{name: FieldFact(name, "int", ("int",), default=1) for name in NUMBERS},
}
FACTS = ClassFacts("lib.Request", "lib:Request", ClassKind.PLAIN, FIELDS, "lib/request.py", 1)
OUTCOME, SOURCE = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION), MinerSource("lib/request.py", "f", 3)


class Library:
    """Wants at most as many as it is given, and reads neither where there is a list."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        least, most = kwargs.get("least", 0), kwargs.get("most", 16)
        if not isinstance(least, int) or not isinstance(most, int) or kwargs.get("listed"):
            return None
        return ObservedException("ValueError", "too few", raised_at="lib/request.py:3") if least > most else None

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(self.raises(native_type, kwargs, context))

    def no_verdict(self, exception: ObservedException) -> str | None:
        return None


class Strict(Library):
    """Refuses what is no whole number besides, in other words."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        least = kwargs.get("least")
        if isinstance(least, float) and least % 1:
            return ObservedException("ValueError", "not whole", raised_at="lib/request.py:3")
        return super().raises(native_type, {**kwargs, "least": int(least or 0)}, context)


def claimed(
    served: tuple[str, ...],
    added_by: AddedBy,
    fields: Mapping[str, tuple[Clause, ...]],
    words: str | None = "too few",
    stands_in: Any = None,
) -> Any:
    """Whether any rule that is left claims a config."""
    stands_in = stands_in or Library()
    context = {name: ContextField(1, (1, 2)) for name in served}
    setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=context, served=served)
    gate = Gate(setting, Oracle(stands_in, "lib.Request"), probe_limit=8)
    hint = ({"least": 8192}, {"least": 8192, "most": 1})
    gate.prove([Candidate("lib.Request", Severity.ERROR, fields, OUTCOME, words, SOURCE, added_by, hints=hint)])
    triggers = [compile_match(entry.rule.match) for entry in gate.proven]
    return lambda kwargs: any(fires(kwargs, {}) for fires in triggers)


def test_a_bound_that_is_the_default_of_another_number_is_none() -> None:
    claims = claimed((), AddedBy.DYNAMIC_MINER, {"least": (Clause(">", 16),)})
    assert not claims({"least": 20, "most": 32})
    assert not claims({"least": 9000, "most": 10_000})


def test_what_was_probed_is_not_cut_into_the_values_that_other_checks_refuse() -> None:
    claims = claimed((), AddedBy.DYNAMIC_MINER, {"least": (Clause(">", 16),)}, None, Strict())
    assert not [value for value in (2.5, 15.5, 16.5, 17.5, 8191.5) if claims({"least": value})]


def test_a_rule_of_a_request_is_tried_beside_each_other_field_however_few_probes_it_gets() -> None:
    fields = {"least": (Clause(">", 16),), "most": (Clause("<", 5),)}
    claims = claimed(("served.limit",), AddedBy.STATIC_MINER, fields)
    assert claims({"least": 20, "most": 1})
    assert not claims({"least": 20, "most": 1, "listed": [3]})
