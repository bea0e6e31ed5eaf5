"""Candidates from the values that a field's type rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.lift.rejections import FlatRejection, Rejections, flatten
from miners.logic.as_rule import fields_of
from miners.logic.normal_form import to_dnf
from miners.surface.facts import ClassFacts, FieldFact
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.model import AddedBy, Channel, Clause, ExpectedOutcome, MinerSource, Outcome, Severity

RAISES = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
_MOST_CONJUNCTIONS = 24


def candidates_of(
    facts: ClassFacts,
    fact: FieldFact,
    table: Rejections,
    added_by: AddedBy,
    *,
    located: bool,
    opaque: str | None = None,
) -> Iterator[Candidate]:
    """One candidate for each way in which a value of the field is wrong."""
    for told in flatten(table, fact.keyword):
        for fields, defaults, guards in _conjunctions(told, fact):
            yield candidate(
                facts,
                fact,
                fields,
                added_by,
                template=_template(fact.keyword, told.message, located=located),
                defaults=defaults,
                opaque=(*guards, *((OpaqueGuard(opaque),) if opaque else ())),
            )


def candidate(
    facts: ClassFacts,
    fact: FieldFact,
    fields: Mapping[str, tuple[Clause, ...]],
    added_by: AddedBy,
    *,
    template: str | None,
    defaults: Mapping[str, Any] | None = None,
    opaque: tuple[OpaqueGuard, ...] = (),
) -> Candidate:
    line = fact.line or facts.line
    return Candidate(
        native_type=facts.native_type,
        severity=Severity.ERROR,
        fields=fields,
        expected=RAISES,
        template=template,
        source=MinerSource(facts.path, facts.target.partition(":")[2], line),
        added_by=added_by,
        defaults=defaults or {},
        opaque=opaque,
        references=(f"{facts.path}:{line}",),
    )


def _conjunctions(
    told: FlatRejection, fact: FieldFact
) -> Iterator[tuple[Mapping[str, tuple[Clause, ...]], Mapping[str, Any], tuple[OpaqueGuard, ...]]]:
    guards = tuple(map(OpaqueGuard, told.opaque))
    if told.on_none:
        if fact.required:
            yield {fact.keyword: (Clause("absent", True),)}, {}, guards
        elif fact.default is None:
            yield {fact.keyword: (Clause("type_is", "none"),)}, {}, guards
        elif fact.default is not MISSING:
            yield {fact.keyword: (Clause("==", None),)}, {fact.keyword: fact.default}, guards
        return
    for conjunction in to_dnf(told.when, _MOST_CONJUNCTIONS) or ():
        spoken = fields_of(conjunction)
        yield spoken.fields, {}, (*guards, *map(OpaqueGuard.of, spoken.opaque))


def _template(keyword: str, message: str, *, located: bool) -> str:
    """The message, after the name of the field if the class itself reports it."""
    return f"\n{keyword}{{…}}\n  {message}" if located else message
