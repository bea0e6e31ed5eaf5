"""The fourth check: does the predicate agree with the library near its boundary?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final, final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.words import words_at
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.language.wording import say_match, say_value
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
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.replay.soundness import Predicate, boundary_probes, judge, worded_probes

_MOST_COMPANY: Final = 24
_MOST_PROBES: Final = 100
_FEW_PROBES: Final = 12
"""For classes with a budget of probes in the SSOT: one question to them takes milliseconds."""


@dataclass(frozen=True, slots=True)
class _Class:
    """The data that rules of one class share in one context."""

    native_type: str
    context: Mapping[str, Any]
    rules: tuple[Rule, ...]
    predicates: dict[str, tuple[frozenset[str], Predicate]] = field(default_factory=dict)
    answers: dict[tuple[bool, str], Observation] = field(default_factory=dict)


@final
class Agreement:
    """Compares the predicates of one corpus with the library. Rules of a class share probes, so each is tried once."""

    def __init__(self, corpus: Corpus, observer: Observer, adapter: EngineAdapter) -> None:
        self._corpus = corpus
        self._observer = observer
        self._adapter = adapter
        self._native_type: str | None = None
        self._by_context: dict[str, _Class] = {}

    def examine(self, rule: Rule, context: Mapping[str, Any]) -> tuple[Soundness, tuple[Divergence, ...]]:
        """The soundness of a rule, and one divergence for each side on which the library contradicts its predicate."""
        of = self._class(rule, context)
        entry = self._adapter.ssot.native_type(rule.native_type)
        others = [other for other in of.rules if other.id != rule.id]
        soundness = judge(
            rule,
            self._predicate(of, rule)[1],
            self._observe(of, rule.severity is Severity.ERROR),
            chain(
                filter(self._predicate(of, rule)[1], self._worded(rule)),
                boundary_probes(
                    rule,
                    company=[other.kwargs_positive for other in islice(others, _MOST_COMPANY)],
                    context_fields=self._corpus.context,
                    limit=_MOST_PROBES if entry is None or entry.probes is None else _FEW_PROBES,
                ),
            ),
            explained=lambda kwargs: any(
                claims(kwargs)
                for other in others
                if other.severity is rule.severity
                for roots, claims in (self._predicate(of, other),)
                if not roots.isdisjoint(kwargs)
            ),
        )
        return soundness, tuple(_divergences(rule, soundness))

    def _worded(self, rule: Rule) -> Iterator[Kwargs]:
        """A rule from a declared type is rarely wrong except for a real word: every word that it claims is tried."""
        if rule.severity is not Severity.ERROR:
            return iter(())
        cls = self._adapter.native_class(rule.native_type)
        return worded_probes(rule, lambda path: words_at(cls, path))

    def _class(self, rule: Rule, context: Mapping[str, Any]) -> _Class:
        if self._native_type != rule.native_type:  # rules come class by class: what is behind is let go
            self._native_type = rule.native_type
            self._by_context.clear()
        key = identity(context)
        if key not in self._by_context:
            members = tuple(other for other in self._corpus.rules if other.native_type == rule.native_type)
            self._by_context[key] = _Class(rule.native_type, dict(context), members)
        return self._by_context[key]

    def _predicate(self, of: _Class, rule: Rule) -> tuple[frozenset[str], Predicate]:
        """The fields at the root of a rule's predicate, and the predicate under the context."""
        if rule.id not in of.predicates:
            matches = compile_match(rule.match, context_fields=self._corpus.context)
            base = self._adapter.base_kwargs(rule.native_type)
            roots = frozenset(name.partition(".")[0] for name in referenced_fields(rule.match))
            of.predicates[rule.id] = roots, lambda kwargs: matches({**base, **kwargs}, of.context)
        return of.predicates[rule.id]

    def _observe(self, of: _Class, only_whether_it_raises: bool) -> Callable[[Kwargs], Observation]:
        def ask(kwargs: Kwargs) -> Observation:
            if not only_whether_it_raises:
                return self._observer.observe(of.native_type, kwargs, context=of.context)
            raised = self._observer.raises(of.native_type, kwargs, of.context)
            return Observation(raised, skipped_reason=None if raised is None else self._observer.no_verdict(raised))

        def observe(kwargs: Kwargs) -> Observation:
            key = only_whether_it_raises, identity(kwargs)
            if key not in of.answers:
                of.answers[key] = ask(kwargs)
            return of.answers[key]

        return observe


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
