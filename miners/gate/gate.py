"""The gate of one class: candidates go in, rules that the live library confirmed come out, and why the rest did not.

Guesses are cheap, so every candidate is tried. What stays has a positive and a negative example that the library
answers as the rule says, and a predicate that no probe contradicts. A contradicted predicate is refined and tried
again, until nothing changes or the bound is hit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Predicate
from miners.candidates.outcomes import Cause, Lost, Proven, Why
from miners.candidates.rules import sayable, to_candidate
from miners.examples.checks import Checks
from miners.examples.contexts import changed, together
from miners.gate.anyway import refused_anyway
from miners.gate.chance import hangs_on_a_file, left_to_the_world
from miners.gate.finish import finish
from miners.gate.oracle import Oracle
from miners.gate.probes import Probes
from miners.gate.proven_rules import ProvenRules, key_of
from miners.gate.refine import Refinement, refine
from miners.gate.rungs import rung_of
from miners.gate.second_look import led_on
from miners.gate.setting import Setting
from miners.gate.trials import Trials
from miners.gate.worlds import Decided, Freed, Worlds
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.values import distinct
from pytest_llem_invariants.model import AddedBy, Clause, Kwargs, Match, Rule, Severity
from pytest_llem_invariants.replay.contracts import positive_raises

MOST_ROUNDS: Final = 4
_MOST_PROBES: Final = 240
_MOST_COUNTEREXAMPLES: Final = 5
_LED: Final = "its example comes past earlier checks"
_ANYWAY: Final = "each other value of a fact that it named is refused, too"
_Attempt = tuple[Candidate, tuple[str, ...]]
"""A candidate, and what was changed to make it."""


@final
class Gate:
    """Proves the candidates of one class.

    `checks` are the ways past which a candidate may be led; `earlier` is what was confirmed of an earlier version,
    whose examples are tried first.
    """

    def __init__(
        self,
        setting: Setting,
        oracle: Oracle,
        *,
        probe_limit: int = _MOST_PROBES,
        checks: Checks | None = None,
        earlier: Iterable[Rule] = (),
    ) -> None:
        self.oracle = oracle
        self.lost: list[Lost] = []
        self._setting = setting
        self._rules = ProvenRules(setting)
        self._trials = Trials(setting, oracle)
        self._probes = Probes(setting, oracle, probe_limit)
        self._worlds = Worlds(oracle, setting)
        self._checks = checks
        self._earlier = {key_of(to_candidate(rule)): rule for rule in earlier}

    @property
    def proven(self) -> tuple[Proven, ...]:
        return self._rules.entries

    def rejects(self, kwargs: Kwargs) -> bool:
        """Whether a proven error rule that was mined claims this config, in the default context."""
        return self._rules.rejects(kwargs)

    def rejects_in(self, kwargs: Kwargs, context: Mapping[str, Any]) -> bool:
        """The same in another context."""
        return self._rules.rejects_in(kwargs, context)

    def adopt(self, proven: Iterable[Proven]) -> None:
        """Take what another gate of the class has proven."""
        self._rules.adopt(proven)

    def finished(self) -> tuple[Proven, ...]:
        """The proven rules, none implied by another of the same voice, no negative of one triggering another."""
        finished = finish(self.proven, self._trials)
        self.lost.extend(finished.lost)
        return finished.proven

    def prove(self, candidates: Iterable[Candidate], advance: Callable[[], None] = lambda: None) -> None:
        """Try every candidate; what is contradicted is refined and tried again, what is not met is sought further."""
        before = len(self.lost)
        self._settle([(sayable(candidate), ()) for candidate in candidates], advance)
        if self._checks is not None:
            places = {entry.rule.miner_source.guard for entry in self.proven}
            led, left = led_on(self.lost[before:], places, self._trials, self._checks, self._setting.contexts)
            self.lost[before:] = left
            self._settle([(candidate, (_LED,)) for candidate in led])

    def challenge(self, configs: Iterable[Kwargs]) -> None:
        """Put configs that nobody prepared to the proven rules: one that claims what the library accepts goes back."""
        configs = tuple(configs)
        put_to: set[str] = set()
        for round_ in range(MOST_ROUNDS):
            new = [key for key in self._rules.keys if key not in put_to]
            put_to.update(new)
            pending: list[_Attempt] = []
            for key, met in self._rules.contradicted(new, configs, self.oracle).items():
                entry = self._rules.take_out(key)
                put_to.discard(key)
                again = self._refined(entry.rule, met[:_MOST_COUNTEREXAMPLES], entry.history)
                pending.extend(again if round_ < MOST_ROUNDS - 1 else ())
            if not pending:
                return
            self._settle(pending)

    def _settle(self, pending: list[_Attempt], advance: Callable[[], None] = lambda: None) -> None:
        tried: set[str] = set()
        for _ in range(MOST_ROUNDS):
            contradicted: list[_Attempt] = []
            for candidate, history in pending:
                key = key_of(candidate)
                if key in tried:
                    self._note_behind(candidate, key)
                    if not history:  # else it was led to, and not found by itself
                        self._rules.note_found_again(candidate)
                    continue
                tried.add(key)
                contradicted.extend(self._try(candidate, history))
                if not history:
                    advance()
            pending = contradicted
            if not pending:
                return
        still = Why(Cause.STILL_CONTRADICTED, said=str(MOST_ROUNDS))
        self.lost.extend(Lost(candidate, still) for candidate, _ in pending)

    def _note_behind(self, candidate: Candidate, key: str) -> None:
        """Of what says the same as a proven rule, the line that this one's was read at lies behind the other's."""
        before = self._rules.get(key)
        if before is not None and before.rule.severity is Severity.ERROR and candidate.source.line_at_scan > 0:
            place = before.rule.miner_source.guard
            if place != candidate.source.guard:
                self.lost.append(Lost(candidate, Why(Cause.BEHIND, place=place)))

    def _try(self, candidate: Candidate, history: tuple[str, ...]) -> list[_Attempt]:
        """Prove one candidate; what is returned is to be tried in its place."""
        tried = self._worlds.tried(candidate.fields)
        unsaid = left_to_the_world(candidate, self._world_at_its_line(candidate), tried)
        if unsaid is not None:
            self.lost.append(Lost(candidate, unsaid))
            return []
        before, asked = self._earlier.get(key_of(candidate)), self.oracle.asked
        candidate = candidate if before is None else _recalled(candidate, before)
        search = self._trials.search(candidate)
        rule = self._trials.stage(candidate, search)
        asked = self.oracle.asked - asked
        if rule is None:
            why, world = self._trials.instead(candidate, search), None if search.unmet else search.context
            self.lost.append(Lost(candidate, why, asked=asked, world=world))
            return []
        confined = self._confined(candidate, rule)
        if confined is not None:
            return [(confined, (*history, "it holds in a part of the contexts alone"))]
        chance = self._by_chance(rule)
        if chance is not None and chance.clauses:
            named = replace(candidate, fields={**candidate.fields, **chance.clauses})
            return [(named, (*history, "another model, which differs in one fact alone, has not its effect"))]
        if chance is not None:
            self.lost.append(Lost(candidate, chance.why, world=search.context))
            return []
        served = self._worlds.left_to_the_server(rule, self._probes.claimed_near)
        if served is not None:
            self.lost.append(Lost(candidate, served, world=search.context))
            return []
        context = self._setting.context_of(rule)
        is_unsaid = bool(candidate.opaque)
        freed = self._worlds.freeing(rule, context, self._probes.of_its_family(rule)) or self._worlds.contradicting(
            rule,
            context,
            self._probes.worded_near if is_unsaid else self._probes.claimed_near,
            partial(self._probes.with_each, self._read_at_its_line(rule)),
            is_unsaid=is_unsaid,
        )
        if freed is not None:
            return self._refined(rule, freed.configs[:_MOST_COUNTEREXAMPLES], history, freed)
        if is_unsaid and rule.severity is not Severity.ERROR and self._is_seen_once(rule, context):
            once = Why(Cause.SEEN_ONCE, config=repr(dict(rule.kwargs_positive)))
            self.lost.append(Lost(candidate, once, world=search.context))
            return []
        beside = [entry.rule for entry in self.proven]
        counterexamples = self._probes.refuting(rule, self._probes.worth(candidate, history), beside)
        if not counterexamples:
            rung = rung_of(rule, candidate, before, is_led=_LED in history)
            self._rules.add(candidate, Proven(rule, history, rung, asked))
            return [] if _ANYWAY in history else self._wider(rule, history)
        return self._refined(rule, counterexamples, history)

    def _wider(self, rule: Rule, history: tuple[str, ...]) -> list[_Attempt]:
        """A proven rule without one fact that does not decide; with two, what they are together would be open."""
        wider = refused_anyway(rule, self._setting, self.oracle, self._probes.worded_near)
        return [] if wider is None else [(wider, (*history, _ANYWAY))]

    def _is_seen_once(self, rule: Rule, context: Mapping[str, Any]) -> bool:
        """Whether no other value of its fields that it claims shows the effect of a rule: one value is a guess."""
        own, shown = self._setting.arguments_of(rule.match.fields), rule.kwargs_positive
        others = [
            kwargs
            for kwargs in self._probes.worded_near(rule, context)
            if any(kwargs.get(name) != shown.get(name) for name in own)
        ]
        return bool(others) and not any(map(self._shows(rule), others))

    def _confined(self, candidate: Candidate, rule: Rule) -> Candidate | None:
        """The candidate with the contexts in which alone its effect was seen; None where it is seen in all of them."""
        here = self._setting.context_of(rule)
        named = referenced_fields(rule.match)
        free = [name for name in self._setting.contexts if name not in named]
        if candidate.added_by.is_lift:
            # A declared type holds everywhere, if it does at all: one look with everything changed is enough.
            elsewhere = next(changed(free, self._setting.context), None)
            if elsewhere is None or self._holds_in(rule, {**here, **elsewhere}):
                return None
        for names in together(free):
            if all(self._holds_in(rule, {**here, **other}) for other in changed(names, self._setting.context)):
                continue
            for name in names:
                values = distinct((self._setting.context[name].default, *self._setting.context[name].values))
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

    def _read_at_its_line(self, rule: Rule) -> tuple[str, ...]:
        """What the code says to decide there, and a rule that was found by probing does not name."""
        if self._checks is None or rule.added_by is not AddedBy.DYNAMIC_MINER:
            return ()
        named = referenced_fields(rule.match)
        return tuple(name for name in self._checks.fields_at(rule.miner_source.guard) if name not in named)

    def _left_unsaid(self, rule: Rule) -> tuple[str, ...]:
        """The facts that nobody assumes, that all that was read at its line asks for, and what was probed does not.

        Elsewhere another check may raise for its example: that does not say that this one would.
        """
        if self._checks is None or rule.added_by is not AddedBy.DYNAMIC_MINER:
            return ()
        asked = [
            {name for name in referenced_fields(Match("", check.fields)) if self._is_open(name)}
            for check in self._checks.at(rule.miner_source.guard)
        ]
        by_all = set.intersection(*asked) if asked else set()
        return tuple(sorted(by_all.difference(referenced_fields(rule.match))))

    def _is_open(self, name: str) -> bool:
        field = self._setting.context.get(name)
        return field is not None and not field.assumed

    def _by_chance(self, rule: Rule) -> Decided | None:
        """What else than the config brings about the effect of a rule, if anything."""
        context = self._setting.context_of(rule)
        unsaid = self._left_unsaid(rule)
        if unsaid:
            return Decided(Why(Cause.LEAVES_UNSAID, names=unsaid))
        if rule.severity is Severity.DORMANT and not self.oracle.is_steady(rule.kwargs_positive, context):
            return Decided(Why(Cause.OF_THE_MOMENT))
        triggers = self._setting.predicate_of(rule, context)
        if hangs_on_a_file(rule, context, triggers, self.oracle, self._setting.facts, self._setting.surface):
            return Decided(Why(Cause.OF_THE_DISK))
        return self._worlds.deciding(rule, context, lambda: self._probes.claimed_near(rule, context))

    def _holds_in(self, rule: Rule, context: Mapping[str, Any]) -> bool:
        observation = self.oracle.observe(rule.kwargs_positive, context, rule.severity)
        return observation.skipped_reason is not None or positive_raises(rule, observation) is None

    def _refined(
        self,
        rule: Rule,
        counterexamples: tuple[Kwargs, ...],
        history: tuple[str, ...],
        freed: Freed | None = None,
    ) -> list[_Attempt]:
        refinements = refine(
            to_candidate(rule),
            counterexamples,
            self._shows(rule) if freed is None else freed.shows,
            self._trials.space,
            within=self._setting.context_of(rule) if freed is None else freed.within,
        )
        of_other_facts = freed is not None and bool(self._setting.facts_of(rule))
        means_little = rule.severity is not Severity.ERROR or of_other_facts or _is_of_probed_values(rule, refinements)
        if not refinements or (len(refinements) > 1 and means_little):
            # What a value is changed to seldom falls into pieces that mean anything, nor does what other facts free,
            # nor do the values that a probe met.
            why = Why(Cause.CONTRADICTED, config=repr(dict(counterexamples[0])))
            self.lost.append(Lost(to_candidate(rule), why, world=self._setting.named_by(rule)))
            return []
        return [(sayable(refinement.candidate), (*history, refinement.reason)) for refinement in refinements]

    def _shows(self, rule: Rule) -> Predicate:
        context = self._setting.context_of(rule)
        return lambda kwargs: positive_raises(rule, self.oracle.observe(kwargs, context, rule.severity)) is None


def _is_of_probed_values(rule: Rule, refinements: Sequence[Refinement]) -> bool:
    """Whether what was probed is cut up by its own values alone, which other checks refuse for other reasons."""
    return rule.added_by is AddedBy.DYNAMIC_MINER and all(
        refinement.candidate.fields.keys() == rule.match.fields.keys() for refinement in refinements
    )


def _recalled(candidate: Candidate, rule: Rule) -> Candidate:
    """The candidate with the examples that proved it in an earlier version."""
    hints, clear = (rule.kwargs_positive, *candidate.hints), (rule.kwargs_negative, *candidate.clear)
    return replace(candidate, hints=hints, clear=clear)
