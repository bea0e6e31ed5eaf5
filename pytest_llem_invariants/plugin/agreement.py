"""The fourth check: does the predicate agree with the library around its boundary?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.model import (
    CheckFailed,
    Corpus,
    Divergence,
    Kwargs,
    Observation,
    Rule,
    Severity,
    Soundness,
)
from pytest_llem_invariants.predicates import compile_match, referenced_fields
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.replay.soundness import boundary_probes, judge
from pytest_llem_invariants.wording import say_match, say_value

_MOST_COMPANY: Final = 24
_MOST_PROBES: Final = 100
_FEW_PROBES: Final = 12
"""For classes that the SSOT gives a budget of probes of their own: one question to them takes milliseconds."""


def agreement(
    rule: Rule, corpus: Corpus, observer: Observer, adapter: EngineAdapter, context: Mapping[str, Any]
) -> tuple[Soundness, tuple[Divergence, ...]]:
    """The soundness of a rule, and a divergence for each side on which the library contradicts its predicate."""
    siblings = [other for other in corpus.rules if other.native_type == rule.native_type and other.id != rule.id]
    base = adapter.base_kwargs(rule.native_type)

    def predicate_of(one: Rule) -> Any:
        matches = compile_match(one.match, context_fields=corpus.context)
        return lambda kwargs: matches({**base, **kwargs}, context)

    def observe(kwargs: Kwargs) -> Observation:
        if rule.severity is not Severity.ERROR:
            return observer.observe(rule.native_type, kwargs, context=context)
        raised = observer.raises(rule.native_type, kwargs, context)
        return Observation(exception=raised, skipped_reason=None if raised is None else observer.no_verdict(raised))

    @cache
    def others() -> list[tuple[frozenset[str], Any]]:
        alike = (other for other in siblings if other.severity is rule.severity)
        return [(_roots(other), predicate_of(other)) for other in alike]

    def explained(kwargs: Kwargs) -> bool:
        return any(claims(kwargs) for roots, claims in others() if not roots.isdisjoint(kwargs))

    entry = adapter.ssot.native_type(rule.native_type)
    probes = boundary_probes(
        rule,
        company=[other.kwargs_positive for other in siblings[:_MOST_COMPANY]],
        context_fields=corpus.context,
        limit=_MOST_PROBES if entry is None or entry.probes is None else _FEW_PROBES,
    )
    soundness = judge(
        rule,
        predicate_of(rule),
        observe,
        probes,
        explained=explained,
    )
    return soundness, tuple(_divergences(rule, soundness))


def _roots(rule: Rule) -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in referenced_fields(rule.match))


def _divergences(rule: Rule, soundness: Soundness) -> list[Divergence]:
    subject = next(iter(rule.match.fields), None)
    claim = say_match(rule.match)
    sides = (
        (CheckFailed.PREDICATE_OVERBROAD, soundness.overbroad, f"the library acts where {claim}", "accepts"),
        (CheckFailed.PREDICATE_UNDERBROAD, soundness.underbroad, f"the library acts only where {claim}", "acts on"),
    )
    return [
        Divergence(rule.id, failed, subject, expected, f"the library {does} {_say(examples[0])}")
        for failed, examples, expected, does in sides
        if examples
    ]


def _say(kwargs: Kwargs) -> str:
    return ", ".join(f"{name}={say_value(value)}" for name, value in kwargs.items()) or "the empty config"
