"""Find rules a second time without knowing them: only then is the agreement of two producers evidence.

The dynamic miner looks at rejections that no rule explains yet, so it never repeats a rule of another producer. Here it
probes a sample of the fields of each class as if nothing had been read: with values that follow from the types alone,
without words from the code. If the result claims the same configs as a rule of another producer, two producers found
it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Predicate, predicate_of
from miners.candidates.merge import with_producer
from miners.candidates.rules import Examples, to_rule
from miners.dynamic.probe import FULL_BUDGET, probe
from miners.gate.oracle import Oracle
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.values import Pools
from pytest_llem_invariants.model import EMPTY, AddedBy, ContextField, Kwargs, Rule, Severity
from pytest_llem_invariants.replay.contexts import context_of
from pytest_llem_invariants.replay.soundness import boundary_probes, declared_pools, few_of

_ONE_FIELD_IN: Final = 6
_LEAST_FIELDS: Final = 2
_QUESTIONS: Final = 800
_LEAST_QUESTIONS: Final = 200
"""How many questions the sample of a class may ask, and how many for a class that answers slowly."""
_About = tuple[str, Severity, frozenset[str]]
"""A class, the outcome of a config, and the fields that decide it."""


def sample_of(facts: ClassFacts) -> tuple[str, ...]:
    """The fields of a class to probe blind: the same on every machine, whatever is known about them."""
    names = sorted(name for name, fact in facts.fields.items() if fact.settable)
    count = min(len(names), max(_LEAST_FIELDS, len(names) // _ONE_FIELD_IN))
    return tuple(sorted(random.Random(f"blind {facts.native_type}").sample(names, count)))


def probe_blind(facts: ClassFacts, oracle: Oracle, surface: Surface, budget: int) -> tuple[Candidate, ...]:
    """What the sample of fields of a class shows, without anything that was read."""
    sampled = replace(facts, fields={name: facts.fields[name] for name in sample_of(facts)})
    asked = max(_LEAST_QUESTIONS, _QUESTIONS * budget // FULL_BUDGET)
    return tuple(
        probe(sampled, oracle.raises, accepts=oracle.accepts, surface=surface, random_rows=asked // 10, budget=asked)
    )


def agreed(
    rules: Sequence[Rule],
    blind: Iterable[Candidate],
    surface: Mapping[str, ClassFacts],
    context: Mapping[str, ContextField] = EMPTY,
) -> tuple[Rule, ...]:
    """The rules; the dynamic miner is added to the finders of those that it found blind."""
    found: dict[_About, list[Rule]] = {}
    for candidate in blind:
        examples = Examples(candidate.hints[0] if candidate.hints else EMPTY, EMPTY)
        rule = to_rule(candidate, examples, engine="", library="", added_at="")
        found.setdefault(_about(rule), []).append(rule)
    told: dict[_About, list[Rule]] = {}
    for rule in rules:
        told.setdefault(_about(rule), []).append(rule)

    around = _Around(surface, context)

    def was_found(rule: Rule) -> bool:
        about = _about(rule)
        seen = found.get(about, [])
        return (
            rule.added_by is not AddedBy.DYNAMIC_MINER
            and bool(seen)
            and any(
                around.say_the_same(ones, others)
                for ones, others in (*(([rule], [one]) for one in seen), (_at(rule, told[about]), _at(rule, seen)))
            )
        )

    return tuple(with_producer(rule, AddedBy.DYNAMIC_MINER) if was_found(rule) else rule for rule in rules)


def _at(rule: Rule, others: Iterable[Rule]) -> list[Rule]:
    """The rules about the same check: there may be several, for bools and for the numbers that they are."""
    return [other for other in others if other.miner_source.guard == rule.miner_source.guard]


def _about(rule: Rule) -> _About:
    return rule.native_type, rule.severity, frozenset(referenced_fields(rule.match))


@final
class _Around:
    """Compares what rules of one class claim; the possible values of their fields are computed once per class."""

    def __init__(self, surface: Mapping[str, ClassFacts], context: Mapping[str, ContextField]) -> None:
        self._surface = surface
        self._context = context
        self._few: dict[str, Mapping[str, tuple[Any, ...]]] = {}
        self._pools: dict[str, Pools] = {}

    def say_the_same(self, ones: Sequence[Rule], others: Sequence[Rule]) -> bool:
        """Whether some rules together claim the same as other rules together, around the boundaries of all."""
        if not others:
            return False
        one, another = ([self._claims(rule) for rule in rules] for rules in (ones, others))
        return all(
            any(claims(kwargs) for claims in one) == any(claims(kwargs) for claims in another)
            for kwargs in self._configs((*ones, *others))
        )

    def _claims(self, rule: Rule) -> Predicate:
        return predicate_of(rule.match, context_of(rule, self._context), self._context)

    def _configs(self, rules: Sequence[Rule]) -> Iterator[Kwargs]:
        """The examples first: most rules already differ there."""
        yield from (rule.kwargs_positive for rule in rules)
        name = rules[0].native_type
        facts = self._surface[name].fields if name in self._surface else EMPTY
        if name not in self._few:
            self._few[name], self._pools[name] = few_of(facts), declared_pools(facts)
        for rule in rules:
            yield from boundary_probes(
                rule, facts, beside=self._few[name], pools=self._pools[name], context_fields=self._context
            )
