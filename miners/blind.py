"""What is found again without knowing that it was found: agreement of two producers is evidence only then.

The dynamic miner looks at what nobody has explained yet, so it never says what another has said already. Here a sample
of the fields of each class is probed as if nothing had been read: with the values that their types alone suggest, and
no word of the code. Where that ends in a predicate which claims the same configs as a rule of another producer, two
have found it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from miners.candidate import Candidate
from miners.claims import predicate_of
from miners.dynamic.probe import probe
from miners.facts import ClassFacts
from miners.merge import with_producer
from miners.oracle import Oracle
from miners.producers import FULL_BUDGET
from miners.stage import to_rule
from miners.values import Surface
from miners.witness import Examples
from pytest_llem_invariants.model import EMPTY, AddedBy, ContextField, Rule, Severity
from pytest_llem_invariants.predicates import referenced_fields
from pytest_llem_invariants.replay.contexts import context_of
from pytest_llem_invariants.replay.soundness import boundary_probes

_ONE_FIELD_IN: Final = 6
_LEAST_FIELDS: Final = 2
_QUESTIONS: Final = 800
_LEAST_QUESTIONS: Final = 200
"""How many questions the sample of a class may ask, and that of one which answers slowly."""
_About = tuple[str, Severity, frozenset[str]]
"""A class, what becomes of a config, and the fields that decide it."""


def sample_of(facts: ClassFacts) -> tuple[str, ...]:
    """The fields of a class that are probed blind: the same on every machine, whatever is known of them."""
    names = sorted(name for name, fact in facts.fields.items() if fact.settable)
    count = min(len(names), max(_LEAST_FIELDS, len(names) // _ONE_FIELD_IN))
    return tuple(sorted(random.Random(f"blind {facts.native_type}").sample(names, count)))


def probe_blind(facts: ClassFacts, oracle: Oracle, surface: Surface, budget: int) -> tuple[Candidate, ...]:
    """What a sample of the fields of a class shows, without anything that was read of it."""
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
    """The rules, each with the dynamic miner among those who found it where it did so blind."""
    found: dict[_About, list[Rule]] = {}
    for candidate in blind:
        examples = Examples(candidate.hints[0] if candidate.hints else EMPTY, EMPTY)
        rule = to_rule(candidate, examples, engine="", library="", added_at="")
        found.setdefault(_about(rule), []).append(rule)
    told: dict[_About, list[Rule]] = {}
    for rule in rules:
        told.setdefault(_about(rule), []).append(rule)

    def was_found(rule: Rule) -> bool:
        about = _about(rule)
        seen = found.get(about, [])
        return (
            rule.added_by is not AddedBy.DYNAMIC_MINER
            and bool(seen)
            and any(
                _say_the_same(ones, others, surface, context)
                for ones, others in (*(([rule], [one]) for one in seen), (_at(rule, told[about]), _at(rule, seen)))
            )
        )

    return tuple(with_producer(rule, AddedBy.DYNAMIC_MINER) if was_found(rule) else rule for rule in rules)


def _at(rule: Rule, others: Iterable[Rule]) -> list[Rule]:
    """The rules that tell of the same check: of one there may be several, for bools and for the numbers they are."""
    return [other for other in others if other.miner_source.guard == rule.miner_source.guard]


def _about(rule: Rule) -> _About:
    return rule.native_type, rule.severity, frozenset(referenced_fields(rule.match))


def _say_the_same(
    ones: Sequence[Rule],
    others: Sequence[Rule],
    surface: Mapping[str, ClassFacts],
    context: Mapping[str, ContextField],
) -> bool:
    """Whether some rules claim together, around the boundaries of all, what others claim together."""
    if not others:
        return False
    facts = surface[ones[0].native_type].fields if ones[0].native_type in surface else EMPTY
    one, another = (
        [predicate_of(rule.match, context_of(rule, context), context) for rule in rules] for rules in (ones, others)
    )
    around = (boundary_probes(rule, facts, context_fields=context) for rule in (*ones, *others))
    return all(
        any(claims(kwargs) for claims in one) == any(claims(kwargs) for claims in another)
        for kwargs in itertools.chain.from_iterable(around)
    )
