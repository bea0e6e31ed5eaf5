"""Doubts that reading alone cannot settle. A library could; if none can be asked, the candidate is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Cause, Why
from miners.logic.formulas import all_of
from miners.logic.normal_form import to_dnf
from miners.static.candidates import MOST_CASES
from miners.static.effects import Effect
from miners.static.findings import Dropped, SiteFinding
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, class_of, field_at
from miners.symbolic.terms import Choice, Term, Unknown
from pytest_llem_invariants.language.expressions import parse


@final
class Doubts:
    """Checks the findings of one class."""

    def __init__(self, facts: ClassFacts, surface: Surface, effects: Sequence[Effect]) -> None:
        self._facts = facts
        self._surface = surface
        self._changes = [one for one in effects if one.changes and not one.handled]

    def settle(self, finding: SiteFinding) -> SiteFinding:
        """The finding without its doubtful candidates."""
        whole = self._of_change(finding) if finding.kind.detector.changes else None
        doubts = {id(one): whole or self._of_types(one) for one in finding.candidates}
        return replace(
            finding,
            candidates=tuple(one for one in finding.candidates if doubts[id(one)] is None),
            dropped=(*finding.dropped, *(Dropped(Why(cause)) for cause in doubts.values() if cause is not None)),
        )

    def _of_change(self, finding: SiteFinding) -> Cause | None:
        for index, change in enumerate(self._changes):
            if change.site != finding.site:
                continue
            if _has_unknown(change.value):
                return Cause.UNKNOWN_VALUE
            later = [one for one in self._changes[index + 1 :] if one.target == change.target]
            if any(one.site != change.site and self._may_both_run(change, one) for one in later):
                return Cause.SET_AGAIN
        return None

    def _may_both_run(self, one: Effect, other: Effect) -> bool:
        return to_dnf(all_of((one.guard, other.guard)), MOST_CASES) != ()

    def _of_types(self, candidate: Candidate) -> Cause | None:
        """Doubt a rule on the type of a mapping: the mapping becomes an object of a class that the rule ignores."""
        if not self._facts.kind.coerces:
            return None
        for subject, clauses in candidate.fields.items():
            if not any(clause.op == "type_is_not" for clause in clauses) or parse(subject).fields != (subject,):
                continue
            if class_of(field_at(subject, self._facts, self._surface), self._surface) is not None:
                return Cause.CLASS_OF_MAPPING
        return None


def _has_unknown(value: Term | None) -> bool:
    match value:
        case Choice(cases=cases):
            return any(_has_unknown(one) for _, one in cases)
        case _:
            return isinstance(value, Unknown)
