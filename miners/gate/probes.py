"""Configs that test one rule: around its boundaries, with real words, and with related fields."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.examples.kin import Families, texts_in
from miners.gate.oracle import Oracle
from miners.gate.setting import Setting
from miners.surface.fields import field_at, refuses_type, words_of
from pytest_llem_invariants.language.inverse import values_by_field
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.values import Pools, distinct, fits
from pytest_llem_invariants.model import AddedBy, Kwargs, Rule, Severity
from pytest_llem_invariants.replay.soundness import boundary_probes, few_of, refuting, worded_probes

_WORD: Final = re.compile(r"\w{3,}")
_FEWER_OF_TYPES: Final = 8
"""For a rule from a declared type, divide the number of probes by this: challenges test such a rule better."""
_MOST_COMPANY: Final = 40
"""The number of examples of proven rules with which each new one is combined."""
_MOST_ELSEWHERE: Final = 3
_MOST_WORDED: Final = 40
"""The number of claimed configs that are also tried in other worlds."""
_MOST_BESIDE: Final = 4
"""The number of real words of each other field with which a rule that rejects a declared type is combined."""
_MOST_HANDED: Final = 3
"""The number of values of each other field of a request beside which a rule is tried."""
_MOST_OF_EACH: Final = 8
"""The number of values of each other field that may decide."""


@final
class Probes:
    """The configs that test the rules of one class, with a limit for the boundaries of each."""

    def __init__(self, setting: Setting, oracle: Oracle, limit: int) -> None:
        self._setting = setting
        self._oracle = oracle
        self._limit = limit
        self._few = few_of(setting.facts.fields)
        self._declared = Pools(lambda path: field_at(path, setting.facts, setting.surface))
        self._families = Families(setting.facts, texts_in(setting.surface))
        self._numbers = [name for name, fact in setting.facts.fields.items() if fact.settable and fits(7, fact)]

    def worth(self, candidate: Candidate, history: Sequence[str]) -> int:
        """How many probes a candidate gets. One that was contradicted once gets all."""
        if history:
            return self._limit
        return self._limit // _FEWER_OF_TYPES if candidate.added_by.is_lift else self._limit

    def refuting(self, rule: Rule, most: int, beside: Sequence[Rule]) -> tuple[Kwargs, ...]:
        """The configs around a rule that it claims and the library accepts without a message."""
        context = self._setting.context_of(rule)
        company = [other.kwargs_positive for other in beside[:_MOST_COMPANY]]
        return refuting(
            rule,
            self._setting.predicate_of(rule, context),
            lambda kwargs: self._oracle.observe(kwargs, context, rule.severity),
            itertools.chain(
                self._switched(rule),
                self._said(rule, context),
                self._worded(rule),
                self._around(rule, most, company),
                self.of_its_family(rule),
                self._compared(rule),
                self._handed_on_beside(rule),
            ),
        )

    def _compared(self, rule: Rule) -> Iterator[Kwargs]:
        """The example of a rule that was found by probing, with a number of it and another one of the class at the same
        value, and at the next: what was taken for a constant may be the default of a field that is not given.
        """
        if rule.added_by is not AddedBy.DYNAMIC_MINER:
            return
        for name in rule.match.fields.keys() & set(self._numbers):
            bounds = (value for _, value in values_by_field(name, rule.match.fields[name], ()))
            shown = [value for value in (rule.kwargs_positive.get(name), *bounds) if type(value) in (int, float)]
            for value, other in itertools.product(distinct(filter(math.isfinite, shown)), self._numbers):
                if other != name:
                    yield {**rule.kwargs_positive, name: value, other: value}
                    yield {**rule.kwargs_positive, name: value, other: value + 1}

    def _handed_on_beside(self, rule: Rule) -> Iterator[Kwargs]:
        """The example of a rule of a request beside values of each other field of it, which may keep its field from
        being handed on.
        """
        if self._setting.served and not rule.added_by.is_lift and rule.severity is Severity.ERROR:
            given = rule.kwargs_positive
            for name in self._setting.facts.fields:
                if name not in given and name not in rule.match.fields:
                    values = itertools.islice(filter(None, self._declared.of(name).beside()), _MOST_HANDED)
                    yield from ({**given, name: value} for value in values)

    def _switched(self, rule: Rule) -> Iterator[Kwargs]:
        """The example of a rule where a part of the validation is left out, which then is a condition of that rule."""
        for name, value in self._setting.switches.items():
            if name not in rule.match.fields:
                yield {**rule.kwargs_positive, name: value}

    def _said(self, rule: Rule, context: Mapping[str, Any]) -> Iterator[Kwargs]:
        """The example of a probed error with each word of another field that its message has: it may ask for it."""
        if rule.severity is not Severity.ERROR or rule.added_by is not AddedBy.DYNAMIC_MINER:
            return
        exception = self._oracle.observe(rule.kwargs_positive, context, rule.severity).exception
        said = frozenset(_WORD.findall(exception.message)) if exception is not None else frozenset()
        for name in sorted(self._setting.facts.fields.keys() - referenced_fields(rule.match)):
            for word in words_of(name, self._setting.facts, self._setting.surface):
                if type(word) is str and word in said:
                    yield {**rule.kwargs_positive, name: word}

    def with_each(self, names: Sequence[str], kwargs: Kwargs) -> Iterator[Kwargs]:
        """A config beside some values of each of these fields that it does not give."""
        for name in names:
            if name in self._setting.facts.fields and name not in kwargs:
                for value in itertools.islice(self._declared.of(name).beside(), _MOST_OF_EACH):
                    yield {**kwargs, name: value}

    def claimed_near(self, rule: Rule, context: Mapping[str, Any]) -> Iterator[Kwargs]:
        """Some configs that a rule claims, other than its example."""
        near = self._around(rule, self._limit)
        return itertools.islice(filter(self._setting.predicate_of(rule, context), near), _MOST_ELSEWHERE)

    def worded_near(self, rule: Rule, context: Mapping[str, Any]) -> Iterator[Kwargs]:
        """Those with real words of its fields first: a library knows what to do with these alone."""
        worded = filter(self._setting.predicate_of(rule, context), self._worded(rule))
        yield from itertools.islice(worded, _MOST_WORDED)
        yield from self.claimed_near(rule, context)

    def of_its_family(self, rule: Rule) -> Iterator[Kwargs]:
        """The example of a rule that was not fully read, with one more field of a family that it mentions."""
        if rule.severity is Severity.ERROR and rule.added_by is AddedBy.DYNAMIC_MINER:
            claims = self._setting.predicate_of(rule)
            yield from filter(claims, self._families.beside(referenced_fields(rule.match), rule.kwargs_positive))

    def _around(self, rule: Rule, most: int, company: Sequence[Kwargs] = ()) -> Iterator[Kwargs]:
        return boundary_probes(
            rule,
            self._setting.facts.fields,
            company=company,
            beside=self._few,
            context_fields=self._setting.context,
            limit=most,
            pools=self._declared,
        )

    def _worded(self, rule: Rule) -> Iterator[Kwargs]:
        """The real words of the fields of a rule; for a rule that rejects a declared type, of all fields."""
        facts, surface = self._setting.facts, self._setting.surface
        values = {name: self._declared.of(name).beside() for name in facts.fields.keys() & rule.match.fields.keys()}
        refuses = any(refuses_type(facts.fields[name], rule.match.fields[name], values[name]) for name in values)
        beside = {name: fact.words[:_MOST_BESIDE] for name, fact in facts.fields.items()} if refuses else {}
        return worded_probes(rule, lambda name: words_of(name, facts, surface), beside)
