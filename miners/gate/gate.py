"""The gate of one class: candidates go in, rules that the live library confirmed come out, and why the rest did not.

Guesses are cheap, so every candidate is tried. What stays has a positive and a negative example that the library
answers as the rule says, and a predicate that no probe contradicts. A contradicted predicate is refined and tried
again, until nothing changes or the bound is hit.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Claim, Claims, Predicate, claim_of, predicate_of
from miners.candidates.merge import with_producer
from miners.candidates.outcomes import BEHIND, CONTRADICTED, OF_THE_DISK, OF_THE_MOMENT, UNCLEAN, Lost, Proven
from miners.candidates.rules import sayable, to_candidate
from miners.examples.contexts import changed, together
from miners.examples.detours import Checks
from miners.examples.kin import Families, texts_in
from miners.gate.chance import hangs_on_a_file, left_to_the_world
from miners.gate.implied import tells_less, voice_of
from miners.gate.oracle import Oracle
from miners.gate.refine import refine
from miners.gate.second_look import led_on
from miners.gate.trials import Trials
from miners.gate.worlds import Worlds
from miners.surface.facts import ClassFacts
from miners.surface.fields import refuses_type, words_of
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.values import distinct, identity
from pytest_llem_invariants.model import (
    EMPTY,
    AddedBy,
    Clause,
    ContextField,
    Kwargs,
    Rule,
    Severity,
)
from pytest_llem_invariants.replay.contexts import context_of, default_context
from pytest_llem_invariants.replay.contracts import positive_raises, said_on_channel
from pytest_llem_invariants.replay.soundness import boundary_probes, declared_pools, few_of, refuting, worded_probes

MOST_ROUNDS: Final = 4
_MOST_COUNTEREXAMPLES: Final = 5
_FEWER_OF_TYPES: Final = 8
"""Of what a declared type says so many times fewer probes are made: it is the challenges that speak against that."""
_FEWER_RESTATED: Final = 4
"""Of what another class was seen to do so many times fewer are made."""
_MOST_COMPANY: Final = 40
"""Beside so many examples of proven rules each further one is tried."""
_MOST_ELSEWHERE: Final = 3
"""So many claimed configs are also tried in other worlds."""
_MOST_BESIDE: Final = 4
"""Beside so many real words of each other field a rule is tried that refuses a declared type."""
_Attempt = tuple[Candidate, tuple[str, ...]]
"""A candidate, and what was changed to make it."""


@final
class Gate:
    """Proves the candidates of one class."""

    def __init__(
        self,
        facts: ClassFacts,
        oracle: Oracle,
        *,
        engine: str,
        library: str,
        added_at: str,
        surface: Mapping[str, ClassFacts] = EMPTY,
        context: Mapping[str, ContextField] = EMPTY,
        contexts: Iterable[str] = (),
        probe_limit: int = 240,
        other_kwargs: Iterable[Kwargs] = (),
        machines: int = 0,
        checks: Checks | None = None,
        earlier: Iterable[Rule] = (),
    ) -> None:
        self.facts = facts
        self._few = few_of(facts.fields)
        self._declared = declared_pools(facts.fields)
        self.oracle = oracle
        self.lost: list[Lost] = []
        self._trials = Trials(facts, oracle, surface, context, engine=engine, library=library, added_at=added_at)
        self._surface = surface
        self._context = context
        self._contexts = tuple(contexts)
        """The context fields that the code of the class reads: each rule is tried under each of their values."""
        self._probe_limit = probe_limit
        self._worlds = Worlds(oracle, tuple(other_kwargs), machines)
        self._families = Families(facts, texts_in(surface))
        self._checks = checks
        self._earlier = {_key(to_candidate(rule)): rule for rule in earlier}
        """What was confirmed of an earlier version, whose examples are tried first."""
        self._proven: dict[str, Proven] = {}
        self._rejections: Claims | None = None
        """What `rejects` asks; None where rules came or went since it was made."""
        self._claims: dict[str, Claim] = {}

    @property
    def proven(self) -> tuple[Proven, ...]:
        return tuple(self._proven.values())

    def rejects(self, kwargs: Kwargs) -> bool:
        """Whether a proven error rule that was mined claims this config, in the default context."""
        if self._rejections is None:
            self._rejections = Claims(self._rejecting())
        return next(self._rejections.on(kwargs), None) is not None

    def _rejecting(self) -> Iterator[Claim]:
        for key, entry in self._proven.items():
            if entry.rule.severity is Severity.ERROR and entry.rule.added_by is not AddedBy.MANUAL_SEED:
                yield self._claim(key, entry.rule)

    def _claim(self, key: str, rule: Rule) -> Claim:
        """What a proven rule claims in the default context."""
        if key not in self._claims:
            self._claims[key] = self._claim_in(rule, default_context(self._context))
        return replace(self._claims[key], rule=rule)

    def _claim_in(self, rule: Rule, context: Mapping[str, Any]) -> Claim:
        return claim_of(rule, context, self._context, self.facts.base_kwargs)

    def prove(self, candidates: Iterable[Candidate], advance: Callable[[], None] = lambda: None) -> None:
        """Try every candidate; what is contradicted is refined and tried again, what is not met is sought further."""
        before = len(self.lost)
        self._settle([(sayable(candidate), ()) for candidate in candidates], advance)
        if self._checks is not None:
            places = {entry.rule.miner_source.guard for entry in self.proven}
            led, left = led_on(self.lost[before:], places, self._trials, self._checks, self._contexts)
            self.lost[before:] = left
            self._settle([(candidate, ("its example comes past earlier checks",)) for candidate in led])

    def challenge(self, configs: Iterable[Kwargs]) -> None:
        """Put configs that nobody prepared to the proven rules: one that claims what the library accepts goes back."""
        configs = tuple(configs)
        put_to: set[str] = set()
        for round_ in range(MOST_ROUNDS):
            new = [key for key in self._proven if key not in put_to]
            put_to.update(new)
            pending: list[_Attempt] = []
            for key, met in self._contradicted(new, configs).items():
                entry = self._proven.pop(key)
                put_to.discard(key)
                self._rejections = None
                again = self._refined(entry.rule, met[:_MOST_COUNTEREXAMPLES], entry.history)
                pending.extend(again if round_ < MOST_ROUNDS - 1 else ())
            if not pending:
                return
            self._settle(pending)

    def _contradicted(self, keys: Iterable[str], configs: Iterable[Kwargs]) -> dict[str, tuple[Kwargs, ...]]:
        """Of proven error rules those that claim configs which the library accepts, and these, smallest first.

        Only what a rule claims is asked about, in the default context.
        """
        told = {key: self._proven[key].rule for key in keys if self._proven[key].rule.severity is Severity.ERROR}
        claims = Claims(self._claim(key, rule) for key, rule in told.items())
        met: dict[str, list[Kwargs]] = {key: [] for key in told}
        key_of = {id(rule): key for key, rule in told.items()}
        for kwargs in itertools.filterfalse(self.oracle.is_known_to_reject, configs):
            claiming = claims.on(kwargs)
            first = next(claiming, None)
            if first is not None and self.oracle.accepts(kwargs):
                for key in {key_of[id(rule)] for rule in (first, *claiming)}:
                    met[key].append(kwargs)
        return {
            key: tuple(sorted(found, key=lambda kwargs: (len(kwargs), len(repr(kwargs)))))
            for key, found in met.items()
            if found
        }

    def _settle(self, pending: list[_Attempt], advance: Callable[[], None] = lambda: None) -> None:
        tried: set[str] = set()
        for _ in range(MOST_ROUNDS):
            contradicted: list[_Attempt] = []
            for candidate, history in pending:
                key = _key(candidate)
                if key in tried:
                    self._note_behind(candidate, key)
                    self._note_found_again(candidate, key, by_itself=not history)
                    continue
                tried.add(key)
                contradicted.extend(self._try(candidate, history))
                if not history:
                    advance()
            pending = contradicted
            if not pending:
                return
        self.lost.extend(Lost(candidate, f"still contradicted after {MOST_ROUNDS} rounds") for candidate, _ in pending)

    def _note_behind(self, candidate: Candidate, key: str) -> None:
        """Of what says the same as a proven rule, the line that this one's was read at lies behind the other's."""
        before = self._proven.get(key)
        if before is not None and before.rule.severity is Severity.ERROR and candidate.source.line_at_scan > 0:
            place = before.rule.miner_source.guard
            if place != candidate.source.guard:
                self.lost.append(Lost(candidate, f"{BEHIND} {place}"))

    def _note_found_again(self, candidate: Candidate, key: str, *, by_itself: bool) -> None:
        """Of what another producer says, too, and was not led to, both are told."""
        before = self._proven.get(key)
        by_hand = before is not None and AddedBy.MANUAL_SEED in (candidate.added_by, before.rule.added_by)
        if before is not None and by_itself and not by_hand:
            self._proven[key] = replace(before, rule=with_producer(before.rule, candidate.added_by))

    def _try(self, candidate: Candidate, history: tuple[str, ...]) -> list[_Attempt]:
        """Prove one candidate; what is returned is to be tried in its place."""
        tried = self._worlds.tried(candidate.fields)
        unsaid = left_to_the_world(candidate, self._world_at_its_line(candidate), tried)
        if unsaid is not None:
            self.lost.append(Lost(candidate, unsaid))
            return []
        candidate = self._recalled(candidate)
        search = self._trials.search(candidate)
        rule = self._trials.stage(candidate, search)
        if rule is None:
            self.lost.append(
                Lost(candidate, f"no example that the library confirms: {self._trials.instead(candidate, search)}")
            )
            return []
        confined = self._confined(candidate, rule)
        if confined is not None:
            return [(confined, (*history, "it holds in a part of the contexts alone"))]
        chance = self._by_chance(rule)
        if chance is not None:
            self.lost.append(Lost(candidate, chance))
            return []
        freed = self._worlds.freeing(rule, context_of(rule, self._context), self._of_its_family(rule))
        if freed is not None:
            return self._refined(rule, freed.configs[:_MOST_COUNTEREXAMPLES], history, freed.shows)
        # What was contradicted once is looked at in full.
        counterexamples = self._refuting(rule, self._probe_limit if history else self._probes_of(candidate))
        if not counterexamples:
            self._proven.setdefault(_key(candidate), Proven(rule, history))
            self._rejections = None
            return []
        return self._refined(rule, counterexamples, history)

    def _probes_of(self, candidate: Candidate) -> int:
        """How many probes a candidate is worth."""
        if candidate.added_by.is_lift:
            return self._probe_limit // _FEWER_OF_TYPES
        return self._probe_limit // _FEWER_RESTATED if candidate.restated else self._probe_limit

    def _recalled(self, candidate: Candidate) -> Candidate:
        """The candidate with the examples that proved it in an earlier version."""
        rule = self._earlier.get(_key(candidate))
        if rule is None:
            return candidate
        hints, clear = (rule.kwargs_positive, *candidate.hints), (rule.kwargs_negative, *candidate.clear)
        return replace(candidate, hints=hints, clear=clear)

    def _confined(self, candidate: Candidate, rule: Rule) -> Candidate | None:
        """The candidate with the contexts in which alone its effect was seen; None where it is seen in all of them."""
        here = context_of(rule, self._context)
        free = [name for name in self._contexts if name not in candidate.fields]
        if candidate.added_by.is_lift:
            # A declared type holds everywhere, if it does at all: one look with everything changed is enough.
            elsewhere = next(changed(free, self._context), None)
            if elsewhere is None or self._holds_in(rule, {**here, **elsewhere}):
                return None
        for names in together(free):
            if all(self._holds_in(rule, {**here, **other}) for other in changed(names, self._context)):
                continue
            for name in names:
                values = distinct((self._context[name].default, *self._context[name].values))
                held = [value for value in values if self._holds_in(rule, {**here, name: value})]
                if 0 < len(held) < len(values):
                    clause = Clause("==", held[0]) if len(held) == 1 else Clause("in", held)
                    return replace(candidate, fields={**candidate.fields, name: (clause,)})
        return None

    def _world_at_its_line(self, candidate: Candidate) -> frozenset[str]:
        """Who decides there beside the config: what was probed does not say what it leaves unsaid."""
        if self._checks is None or candidate.added_by is not AddedBy.DYNAMIC_MINER:
            return frozenset()
        return self._checks.world_at(candidate.source.guard)

    def _by_chance(self, rule: Rule) -> str | None:
        """What else than the config brings about the effect of a rule, if anything."""
        context = context_of(rule, self._context)
        if rule.severity is Severity.DORMANT and not self.oracle.is_steady(rule.kwargs_positive, context):
            return OF_THE_MOMENT
        triggers = self._predicate(rule, context)
        if hangs_on_a_file(rule, context, triggers, self.oracle, self.facts, self._surface):
            return OF_THE_DISK
        return self._worlds.deciding(rule, context, lambda: self._claimed_near(rule, context))

    def _claimed_near(self, rule: Rule, context: Mapping[str, Any]) -> Iterator[Kwargs]:
        """Some configs that a rule claims beside its example."""
        near = boundary_probes(
            rule,
            self.facts.fields,
            beside=self._few,
            context_fields=self._context,
            limit=self._probe_limit,
            pools=self._declared,
        )
        return itertools.islice(filter(self._predicate(rule, context), near), _MOST_ELSEWHERE)

    def _of_its_family(self, rule: Rule) -> Iterator[Kwargs]:
        """The example of a rule that nobody read whole, with one more field of a family that the rule speaks of."""
        if rule.severity is Severity.ERROR and rule.added_by is AddedBy.DYNAMIC_MINER:
            claims = self._predicate(rule)
            yield from filter(claims, self._families.beside(referenced_fields(rule.match), rule.kwargs_positive))

    def _holds_in(self, rule: Rule, context: Mapping[str, Any]) -> bool:
        observation = self.oracle.observe(rule.kwargs_positive, context, rule.severity)
        return observation.skipped_reason is not None or positive_raises(rule, observation) is None

    def _refined(
        self,
        rule: Rule,
        counterexamples: tuple[Kwargs, ...],
        history: tuple[str, ...],
        shows: Predicate | None = None,
    ) -> list[_Attempt]:
        refinements = refine(
            to_candidate(rule),
            counterexamples,
            self._shows(rule) if shows is None else shows,
            self.facts,
            surface=self._surface,
            within=context_of(rule, self._context),
            choices=self._trials.choices,
        )
        if not refinements or (len(refinements) > 1 and rule.severity is not Severity.ERROR):
            # What a value is changed to seldom falls into pieces that mean anything.
            self.lost.append(Lost(to_candidate(rule), f"{CONTRADICTED}: {dict(counterexamples[0])!r}"))
            return []
        return [(sayable(refinement.candidate), (*history, refinement.reason)) for refinement in refinements]

    def adopt(self, proven: Iterable[Proven]) -> None:
        """Take what another gate of the class has proven."""
        self._proven = {_key(to_candidate(entry.rule)): entry for entry in proven}
        self._rejections = None

    def finished(self) -> tuple[Proven, ...]:
        """The proven rules, none implied by another of the same voice, no negative of one triggering another."""
        kept = self._without_implied()
        told = (self._claim_in(entry.rule, context_of(entry.rule, self._context)) for entry in kept)
        claims = Claims(claim for claim in told if claim.asks_for is not None)  # else no negative were clean
        settled: list[Proven] = []
        for entry in kept:
            cleaned = self._with_clean_negative(entry, claims)
            if cleaned is None:
                self.lost.append(Lost(to_candidate(entry.rule), UNCLEAN))
            else:
                settled.append(replace(cleaned, rule=self._as_heard(cleaned.rule)))
        return tuple(settled)

    def _as_heard(self, rule: Rule) -> Rule:
        """The rule with what the library said of its positive, where that is more than the template itself."""
        seen = self.oracle.observe(rule.kwargs_positive, context_of(rule, self._context), rule.severity)
        heard = tuple(text for text in said_on_channel(rule, seen) if text != rule.message_template)
        return replace(rule, observed_messages=heard)

    def _without_implied(self) -> list[Proven]:
        """Each rule that no other contains; of two that contain each other, the one that was proven first.

        One written by hand stands aside: whether mined ones take it over is asked of all of them together.
        """
        kept: list[Proven] = []
        alike: dict[tuple[Severity, str | None], list[Proven]] = {}
        for entry in self.proven:
            if entry.rule.added_by is not AddedBy.MANUAL_SEED:
                alike.setdefault(voice_of(entry.rule), []).append(entry)
        for entry in reversed(self.proven):
            if entry.rule.added_by is AddedBy.MANUAL_SEED:
                kept.append(entry)
                continue
            standing = alike[voice_of(entry.rule)]
            others = (other.rule for other in standing if other is not entry)
            wider = next((other for other in others if tells_less(entry.rule, other)), None)
            if wider is not None:
                alike[voice_of(entry.rule)] = [other for other in standing if other is not entry]
                told = "implied by a wider rule with the same message"
                self.lost.append(Lost(to_candidate(entry.rule), told, wider=wider))
            else:
                kept.append(entry)
        return kept[::-1]

    def _with_clean_negative(self, entry: Proven, claims: Claims) -> Proven | None:
        def another_claims(kwargs: Kwargs) -> bool:
            return any(rule is not entry.rule for rule in claims.on(kwargs))

        if not another_claims(entry.rule.kwargs_negative):
            return entry
        again = self._trials.stage(to_candidate(entry.rule), others=(another_claims,))
        if again is None or another_claims(again.kwargs_negative):
            return None
        return replace(entry, rule=replace(again, id=entry.rule.id, cross_validated_by=entry.rule.cross_validated_by))

    def _refuting(self, rule: Rule, most: int) -> tuple[Kwargs, ...]:
        """The configs around a rule that it claims, and the library takes without a word."""
        company = [entry.rule.kwargs_positive for entry in self.proven[:_MOST_COMPANY]]
        context = context_of(rule, self._context)
        probes = boundary_probes(
            rule,
            self.facts.fields,
            company=company,
            beside=self._few,
            context_fields=self._context,
            limit=most,
            pools=self._declared,
        )
        return refuting(
            rule,
            self._predicate(rule, context),
            lambda kwargs: self.oracle.observe(kwargs, context, rule.severity),
            itertools.chain(self._worded(rule), probes, self._of_its_family(rule)),
        )

    def _worded(self, rule: Rule) -> Iterator[Kwargs]:
        """The real words of the fields of a rule; what refuses a declared type is put beside those of all fields."""
        values = {
            name: self._declared.of(name).beside() for name in self.facts.fields.keys() & rule.match.fields.keys()
        }
        refuses = any(refuses_type(self.facts.fields[name], rule.match.fields[name], values[name]) for name in values)
        beside = {name: fact.words[:_MOST_BESIDE] for name, fact in self.facts.fields.items()} if refuses else {}
        return worded_probes(rule, lambda name: words_of(name, self.facts, self._surface), beside)

    def _predicate(self, rule: Rule, context: Mapping[str, Any] | None = None) -> Predicate:
        under = context_of(rule, self._context) if context is None else context
        return predicate_of(rule.match, under, self._context, self.facts.base_kwargs)

    def _shows(self, rule: Rule) -> Predicate:
        context = context_of(rule, self._context)
        return lambda kwargs: positive_raises(rule, self.oracle.observe(kwargs, context, rule.severity)) is None


def _key(candidate: Candidate) -> str:
    return identity(
        (
            candidate.severity.value,
            {k: [(c.op, c.rhs) for c in v] for k, v in candidate.fields.items()},
            candidate.defaults,
        )
    )
