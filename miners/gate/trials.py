"""One class's candidates, put to the live library: what a config of each shows, and a pair that shows all of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Predicate
from miners.candidates.outcomes import Cause, Why
from miners.candidates.rules import Examples, to_rule
from miners.examples.contexts import beside, changed_by_one
from miners.examples.search import Search
from miners.examples.space import SearchSpace
from miners.examples.witness import Shown, find_examples
from miners.gate.oracle import Oracle
from miners.gate.setting import Setting
from miners.surface.nested import is_portable
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.model import EMPTY, AddedBy, Kwargs, Match, Observation, Rule
from pytest_llem_invariants.replay.contexts import contexts_of, default_context, world_of
from pytest_llem_invariants.replay.contracts import message_template_match, negative_does_not_raise, positive_raises

MOST_LOOKED_AT: Final = 200
"""So many configs are looked through for one of the declared types."""


@final
class Trials:
    """What the library is asked about the candidates of one class, and in which words the answers are told."""

    def __init__(self, setting: Setting, oracle: Oracle) -> None:
        self.setting = setting
        self.oracle = oracle
        self.space = SearchSpace(setting.facts, setting.surface, setting.context)
        self._draft: tuple[Candidate | None, Rule | None] = (None, None)

    def stage(
        self, candidate: Candidate, search: Search | None = None, others: Iterable[Predicate] = ()
    ) -> Rule | None:
        """The candidate as a rule whose two examples the library answers as the rule says.

        They are looked for beside the default facts first, then beside others of those that the candidate names.
        """
        if self.setting.context.keys() >= set(referenced_fields(Match("", candidate.fields))):
            return self._in_two_worlds(candidate)
        others = tuple(others)
        rule = self._staged(candidate, self.search(candidate) if search is None else search, others)
        if rule is not None:
            return rule
        elsewhere = (
            self._staged(candidate, self.search(candidate, world), others) for world in self._worlds(candidate)
        )
        return next((found for found in elsewhere if found is not None), None)

    def _worlds(self, candidate: Candidate) -> Iterator[Mapping[str, Any]]:
        """Other values of the facts that a candidate names."""
        declared = self.setting.context
        named = referenced_fields(Match("", candidate.fields))
        yield from beside([name for name in named if name in declared and declared[name].is_fact], declared)

    def _staged(self, candidate: Candidate, search: Search, others: tuple[Predicate, ...]) -> Rule | None:

        def drafted(positive: Kwargs, negative: Kwargs) -> Rule:
            return self._drafted(candidate, Examples(positive, negative))

        read = referenced_fields(Match("", candidate.fields))
        everywhere = default_context(self.setting.context) if self.setting.context.keys().isdisjoint(read) else None

        def context_beside(rule: Rule) -> Mapping[str, Any]:
            return self.setting.context_of(rule) if everywhere is None else everywhere

        def proves(kwargs: Kwargs) -> Shown:
            if any(search.is_converted(name, kwargs) for name in candidate.expected.normalised_fields):
                return Shown.NOTHING
            return self._shown(candidate, kwargs, context_beside(drafted(kwargs, {})))

        def clears(positive: Kwargs, negative: Kwargs) -> bool:
            rule = drafted(positive, negative)
            observation = self.oracle.observe(negative, context_beside(rule), candidate.severity)
            return observation.skipped_reason is None and negative_does_not_raise(rule, observation) is None

        examples = find_examples(
            candidate,
            self.space,
            others=others,
            proves=proves,
            clears=clears,
            search=search,
        )
        if examples is None:
            return None
        base = self.setting.facts.base_kwargs
        given = {name: value for name, value in base.items() if name in read and is_portable(value)}
        rule = drafted({**given, **examples.positive}, {**given, **examples.negative})
        world = world_of(context_beside(rule), self.setting.context)
        return self._as_worded(replace(rule, world=world))

    def _in_two_worlds(self, candidate: Candidate) -> Rule | None:
        """A rule of facts alone: the bare class in a world that shows it, and in one that differs in one fact."""
        rule, declared = self._drafted(candidate, Examples({}, {})), self.setting.context
        triggers = compile_match(rule.match, context_fields=declared)
        named = tuple(candidate.fields)
        for context in contexts_of(named, declared):
            if not triggers({}, context) or self._shown(candidate, {}, context) is not Shown.EFFECT:
                continue
            freed = self.freed_elsewhere(replace(rule, world=world_of(context, declared)))
            if freed is not None:
                return self._as_worded(freed)
        return None

    def freed_elsewhere(self, rule: Rule) -> Rule | None:
        """The rule with its positive example as the negative one, too, in a world that differs in one fact."""
        declared, kwargs = self.setting.context, rule.kwargs_positive
        named = [name for name in referenced_fields(rule.match) if name in declared]
        triggers, context = compile_match(rule.match, context_fields=declared), self.setting.context_of(rule)
        for other in changed_by_one(context, named, declared):
            seen = self.oracle.observe(kwargs, other, rule.severity)
            silent = seen.skipped_reason is None and negative_does_not_raise(rule, seen) is None
            if silent and not triggers(kwargs, other):
                changed = {name: other[name] for name in named if other[name] != context[name]}
                freed = {**world_of(other, declared), **changed}
                return replace(rule, kwargs_negative=kwargs, world_negative=freed)
        return None

    def search(self, candidate: Candidate, world: Mapping[str, Any] = EMPTY) -> Search:
        return Search(candidate.fields, candidate.defaults, self.space, world=world)

    def _drafted(self, candidate: Candidate, examples: Examples) -> Rule:
        """The candidate as a rule with these examples; put into words once for all that are tried."""
        before, rule = self._draft
        if rule is None or before is not candidate:
            origin = self.setting.origin
            rule = to_rule(candidate, examples, engine=origin.engine, library=origin.library, added_at=origin.added_at)
            self._draft = candidate, rule
        return replace(rule, kwargs_positive=examples.positive, kwargs_negative=examples.negative)

    def is_met(self, candidate: Candidate, kwargs: Kwargs, context: Mapping[str, Any]) -> bool:
        """Whether a config shows the very effect that the candidate speaks of."""
        return self._shown(candidate, kwargs, context) is Shown.EFFECT

    def _shown(self, candidate: Candidate, kwargs: Kwargs, context: Mapping[str, Any]) -> Shown:
        rule = self._drafted(candidate, Examples(kwargs, {}))
        observation = self.oracle.observe(kwargs, context, candidate.severity)
        if observation.skipped_reason is not None:
            return Shown.ANOTHER_CHECK
        is_shown = positive_raises(rule, observation) is None
        if is_shown and (candidate.added_by is not AddedBy.STATIC_MINER or _is_read_effect(rule, observation)):
            return Shown.EFFECT
        return Shown.NOTHING if observation.exception is None else Shown.ANOTHER_CHECK

    def instead(self, candidate: Candidate, search: Search) -> Why:
        """What the library does with the simplest config that satisfies a predicate, where that is not what it says."""
        if search.unmet:
            return Why(Cause.NO_CONTEXT, names=tuple(search.unmet))
        if candidate.fields.keys() <= self.setting.context.keys():
            return Why(Cause.NO_ARGUMENT)
        if next(search.positives(), None) is None:
            return Why(Cause.NO_CONFIG)
        kwargs = next(filter(search.is_of_type, itertools.islice(search.positives(), MOST_LOOKED_AT)), None)
        if kwargs is None:
            return self._before_types(candidate, search)
        observation = self.oracle.observe(kwargs, search.context, candidate.severity)
        if observation.skipped_reason is not None:
            cause = Cause.ENVIRONMENT if self.oracle.is_environmental(observation) else Cause.NO_ANSWER
            return Why(cause, said=observation.skipped_reason)
        if observation.exception is None:
            return Why(Cause.ACCEPTED)
        return Why(Cause.ANOTHER_CHECK, observation.exception.raised_at, said=observation.exception.type)

    def _before_types(self, candidate: Candidate, search: Search) -> Why:
        """Where no value of a declared type satisfies a predicate: a check that looks at values before their types are
        asked may stop the others first, and then it is no type that refuses them.
        """
        kwargs = next(search.positives())
        exception = self.oracle.observe(kwargs, search.context, candidate.severity).exception
        if exception is None or exception.raised_at in (None, candidate.source.guard):
            return Why(Cause.NO_TYPE)
        return Why(Cause.ANOTHER_CHECK, exception.raised_at, said=exception.type)

    def _as_worded(self, rule: Rule) -> Rule:
        """The rule without a template that the library does not bear out: a guess at words is worth no wrong word."""
        if rule.message_template is None:
            return rule
        observation = self.oracle.observe(rule.kwargs_positive, self.setting.context_of(rule), rule.severity)
        return rule if message_template_match(rule, observation) is None else replace(rule, message_template=None)


def _is_read_effect(rule: Rule, observation: Observation) -> bool:
    """Whether what was raised is what was read in the code, by its words or its place: not another check's error."""
    exception = observation.exception
    if exception is None or exception.raised_at == rule.miner_source.guard:
        return True
    return rule.message_template is not None and message_template_match(rule, observation) is None
