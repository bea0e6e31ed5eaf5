"""The confirmed rules of one class so far, and the configs that they claim."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Claim, Claims
from miners.candidates.merge import with_producer
from miners.candidates.outcomes import Proven
from miners.candidates.rules import to_candidate
from miners.gate.oracle import Oracle
from miners.gate.setting import Setting
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import Kwargs, Rule, Severity


def key_of(candidate: Candidate) -> str:
    """The claim of a candidate, without its message, place and examples."""
    return identity(
        (
            candidate.severity.value,
            {k: [(c.op, c.rhs) for c in v] for k, v in candidate.fields.items()},
            candidate.defaults,
        )
    )


@final
class ProvenRules:
    """Confirmed rules by claim. Their joint claims are computed on first use."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._entries: Mapping[str, Proven] = {}
        self._rejections: Claims | None = None
        """The claims for `rejects`; None until first use."""
        self._elsewhere: dict[str, Claims] = {}
        """The same for each context that was asked about."""
        self._claims: dict[str, Claim] = {}
        """The claim of each single rule, which does not depend on the others."""

    @property
    def entries(self) -> tuple[Proven, ...]:
        return tuple(self._entries.values())

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def get(self, key: str) -> Proven | None:
        return self._entries.get(key)

    def add(self, candidate: Candidate, entry: Proven) -> None:
        """Keep the result for a candidate; an earlier rule with the same claim stays."""
        key = key_of(candidate)
        if key not in self._entries:
            self._hold({**self._entries, key: entry})

    def take_out(self, key: str) -> Proven:
        """Remove a rule that was contradicted."""
        entry = self._entries[key]
        self._hold({other: kept for other, kept in self._entries.items() if other != key})
        return entry

    def adopt(self, proven: Iterable[Proven]) -> None:
        """Use the rules that other workers have proven for the class, and no others."""
        self._hold({key_of(to_candidate(entry.rule)): entry for entry in proven})

    def note_found_again(self, candidate: Candidate) -> None:
        """Name both producers if another one finds the same claim. A handwritten rule has no finder."""
        key = key_of(candidate)
        before = self._entries.get(key)
        if before is not None and not (candidate.added_by.is_by_hand or before.rule.added_by.is_by_hand):
            entry = replace(before, rule=with_producer(before.rule, candidate.added_by))
            self._hold({**self._entries, key: entry})

    def _hold(self, entries: Mapping[str, Proven]) -> None:
        """The one place where rules are added and removed."""
        self._entries = entries
        self._rejections = None
        self._elsewhere = {}

    def rejects(self, kwargs: Kwargs) -> bool:
        """Whether a mined error rule claims this config in the default context."""
        if self._rejections is None:
            self._rejections = Claims(self._rejecting())
        return next(self._rejections.on(kwargs), None) is not None

    def rejects_in(self, kwargs: Kwargs, context: Mapping[str, Any]) -> bool:
        """The same in another context: only the claims of rules that mention the context are computed again."""
        key = identity(context)
        if key not in self._elsewhere:
            declared = self._setting.context.keys()
            claims = (
                claim
                if declared.isdisjoint(referenced_fields(claim.rule.match))
                else self._setting.claim_in(claim.rule, context)
                for claim in self._rejecting()
            )
            self._elsewhere[key] = Claims(claims)
        return next(self._elsewhere[key].on(kwargs), None) is not None

    def _rejecting(self) -> Iterator[Claim]:
        for key, entry in self._entries.items():
            if entry.rule.severity is Severity.ERROR and not entry.rule.added_by.is_by_hand:
                yield self._claim(key, entry.rule)

    def _claim(self, key: str, rule: Rule) -> Claim:
        if key not in self._claims:
            self._claims[key] = self._setting.claim_by_default(rule)
        return replace(self._claims[key], rule=rule)

    def contradicted(
        self, keys: Iterable[str], configs: Iterable[Kwargs], oracle: Oracle
    ) -> dict[str, tuple[Kwargs, ...]]:
        """The given error rules that claim configs which the library accepts, and these configs, smallest first.

        The library is asked only about configs that a rule claims, in the default context.
        """
        rules = {key: self._entries[key].rule for key in keys}
        errors = {key: rule for key, rule in rules.items() if rule.severity is Severity.ERROR}
        claims = Claims(self._claim(key, rule) for key, rule in errors.items())
        met: dict[str, list[Kwargs]] = {key: [] for key in errors}
        key_by_rule = {id(rule): key for key, rule in errors.items()}
        for kwargs in itertools.filterfalse(oracle.is_known_to_reject, configs):
            claiming = claims.on(kwargs)
            first = next(claiming, None)
            if first is not None and oracle.accepts(kwargs):
                for key in {key_by_rule[id(rule)] for rule in (first, *claiming)}:
                    met[key].append(kwargs)
        return {
            key: tuple(sorted(found, key=lambda kwargs: (len(kwargs), len(repr(kwargs)))))
            for key, found in met.items()
            if found
        }
