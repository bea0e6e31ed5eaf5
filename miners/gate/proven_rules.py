"""The rules of one class that the library has confirmed so far, and which configs they claim."""

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
from pytest_llem_invariants.model import AddedBy, Kwargs, Rule, Severity


def key_of(candidate: Candidate) -> str:
    """What a candidate says; its words, its place and its examples aside."""
    return identity(
        (
            candidate.severity.value,
            {k: [(c.op, c.rhs) for c in v] for k, v in candidate.fields.items()},
            candidate.defaults,
        )
    )


@final
class ProvenRules:
    """Confirmed rules by what they say. What they claim together is worked out when it is first asked for."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._entries: Mapping[str, Proven] = {}
        self._rejections: Claims | None = None
        """What `rejects` asks of these entries; None until it is asked."""
        self._elsewhere: dict[str, Claims] = {}
        """The same by the contexts that were asked about."""
        self._claims: dict[str, Claim] = {}
        """What was worked out of each rule by itself, which holds however many others there are."""

    @property
    def entries(self) -> tuple[Proven, ...]:
        return tuple(self._entries.values())

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def get(self, key: str) -> Proven | None:
        return self._entries.get(key)

    def add(self, candidate: Candidate, entry: Proven) -> None:
        """Keep what came of a candidate; what says the same and came first stays."""
        key = key_of(candidate)
        if key not in self._entries:
            self._hold({**self._entries, key: entry})

    def take_out(self, key: str) -> Proven:
        """A rule that was contradicted; it is none of these any more."""
        entry = self._entries[key]
        self._hold({other: kept for other, kept in self._entries.items() if other != key})
        return entry

    def adopt(self, proven: Iterable[Proven]) -> None:
        """Hold what others have proven of the class, and that alone."""
        self._hold({key_of(to_candidate(entry.rule)): entry for entry in proven})

    def note_found_again(self, candidate: Candidate) -> None:
        """Name both producers where another one says the same. What was written by hand was found by nobody."""
        key = key_of(candidate)
        before = self._entries.get(key)
        if before is not None and AddedBy.MANUAL_SEED not in (candidate.added_by, before.rule.added_by):
            entry = replace(before, rule=with_producer(before.rule, candidate.added_by))
            self._hold({**self._entries, key: entry})

    def _hold(self, entries: Mapping[str, Proven]) -> None:
        """The one place where rules come and go."""
        self._entries = entries
        self._rejections = None
        self._elsewhere = {}

    def rejects(self, kwargs: Kwargs) -> bool:
        """Whether an error rule that was mined claims this config, in the default context."""
        if self._rejections is None:
            self._rejections = Claims(self._rejecting())
        return next(self._rejections.on(kwargs), None) is not None

    def rejects_in(self, kwargs: Kwargs, context: Mapping[str, Any]) -> bool:
        """The same in another context: only what speaks of one is worked out anew."""
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
            if entry.rule.severity is Severity.ERROR and entry.rule.added_by is not AddedBy.MANUAL_SEED:
                yield self._claim(key, entry.rule)

    def _claim(self, key: str, rule: Rule) -> Claim:
        if key not in self._claims:
            self._claims[key] = self._setting.claim_by_default(rule)
        return replace(self._claims[key], rule=rule)

    def contradicted(
        self, keys: Iterable[str], configs: Iterable[Kwargs], oracle: Oracle
    ) -> dict[str, tuple[Kwargs, ...]]:
        """Of these error rules those that claim configs which the library accepts, and these, smallest first.

        Only what a rule claims is asked about, in the default context.
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
