"""Ways past the checks that come first: what a rule is read for shows only in a config that is not rejected before.

A condition that was read in the code says nothing of the checks on the way to it. Where the simplest config that
satisfies it is rejected by another check, that check's own condition, negated, is what the next config satisfies too.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

from miners.candidate import Candidate
from miners.facts import ClassFacts
from miners.logic import Atom, Formula, Literal, all_of, fields_of, negate, to_dnf_in_part
from miners.static import SiteFinding
from miners.values import Surface, class_of, field_at
from miners.witness import Search
from pytest_llem_invariants.expressions import parse, read_path
from pytest_llem_invariants.model import EMPTY, Clause, ContextField, Kwargs, Match, Observation, Severity
from pytest_llem_invariants.predicates import compile_match, reference_of
from pytest_llem_invariants.replay.contexts import default_context

_MOST_CASES: Final = 8
_MOST_ASKED: Final = 16
_FIRST_CONFIGS: Final = 6
_BOUNDS: Final = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}
_OF_INTEREST: Final = 2
"""So many configs of one case are followed to the check that stops them; types alone may refuse a few before."""

Read = Callable[[str], Sequence[SiteFinding]]
Restate = Callable[[Candidate], Candidate | None]


@final
class Checks:
    """The conditions under which the lines of the library reject, in the field names of one class."""

    def __init__(self, facts: ClassFacts, surface: Surface, read: Read, restated: Restate | None = None) -> None:
        self._facts = facts
        self._surface = surface
        self._read = read
        self._restated = restated
        """How a check of another class reads in the names of this one, where this one builds the other."""
        self._by_class: dict[str, dict[str, tuple[Candidate, ...]]] = {}

    def at(self, place: str) -> Iterator[Candidate]:
        """The checks whose exception is raised there: the class's own, else those of the objects that it holds."""
        yield from self._of(self._facts.native_type).get(place, ())
        path = place.rpartition(":")[0]
        for name, facts in self._surface.items():
            if facts.path == path and name != self._facts.native_type:
                for check in self._of(name).get(place, ()):
                    yield from self._inside(check)

    def _of(self, name: str) -> Mapping[str, tuple[Candidate, ...]]:
        if name not in self._by_class:
            found: dict[str, tuple[Candidate, ...]] = {}
            for finding in self._read(name):
                checks = tuple(one for one in finding.candidates if one.severity is Severity.ERROR)
                if checks:
                    place = f"{finding.site.path}:{finding.site.line}"
                    found[place] = (*found.get(place, ()), *checks)
            self._by_class[name] = found
        return self._by_class[name]

    def _inside(self, check: Candidate) -> Iterator[Candidate]:
        if self._restated is not None:
            restated = self._restated(check)
            if restated is not None:
                yield restated
            return
        for name, fact in self._facts.fields.items():
            inner = class_of(fact, self._surface)
            if inner is not None and inner.native_type == check.native_type:
                yield Candidate(
                    native_type=self._facts.native_type,
                    severity=check.severity,
                    fields={_under(name, subject): _clauses(name, of) for subject, of in check.fields.items()},
                    expected=check.expected,
                    template=check.template,
                    source=check.source,
                    added_by=check.added_by,
                    defaults={f"{name}.{field}": value for field, value in check.defaults.items()},
                )


def _under(parent: str, expression: str) -> str:
    """The expression with each of its fields as one of the object that a field holds."""
    for field in parse(expression).fields:
        expression = re.sub(rf"(?<![\w.]){re.escape(field)}(?![\w(])", f"{parent}.{field}", expression)
    return expression


def _clauses(parent: str, clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    references = ((clause, reference_of(clause.rhs)) for clause in clauses)
    return tuple(
        clause if reference is None else Clause(clause.op, f"@{_under(parent, reference)}")
        for clause, reference in references
    )


def detour(
    candidate: Candidate,
    facts: ClassFacts,
    checks: Checks,
    observe: Callable[[Kwargs, Mapping[str, Any]], Observation],
    shows: Callable[[Kwargs, Mapping[str, Any]], bool],
    *,
    surface: Surface = EMPTY,
    context: Mapping[str, ContextField] = EMPTY,
) -> Candidate | None:
    """The candidate with an example that comes past the checks before it; None where none was found.

    A context without which it does not come past them becomes part of what the candidate says.
    """
    asked = 0
    seen: set[Formula] = set()
    open_: list[tuple[Formula, dict[str, Any]]] = [(_formula(candidate), dict(candidate.defaults))]
    while open_:
        formula, defaults = open_.pop(0)
        for case in to_dnf_in_part(formula, _MOST_CASES)[:_MOST_CASES]:
            if any(map(_asks_for_nan, case)):
                continue
            fields = {subject: clauses for subject, clauses in fields_of(case).fields.items() if clauses}
            search = Search(fields, defaults, facts, surface=surface, context=context)
            stopped = 0
            likely = (kwargs for kwargs in search.positives() if _is_in_bounds(kwargs, search.fields, facts, surface))
            for kwargs in itertools.islice(likely, _FIRST_CONFIGS):
                if asked >= _MOST_ASKED:
                    return None
                if stopped == _OF_INTEREST:
                    break
                asked += 1
                if shows(kwargs, search.context):
                    return _told(candidate, fields, kwargs, search.context, context)
                raised = observe(kwargs, search.context).exception
                if raised is None or raised.raised_at is None:
                    continue
                stopped += 1
                for check in checks.at(raised.raised_at):
                    past = all_of((all_of(case), negate(_formula(check))))
                    if past not in seen and _holds(check, kwargs, search.context, context):
                        seen.add(past)
                        open_.append((past, {**check.defaults, **defaults}))
    return None


def _is_in_bounds(kwargs: Kwargs, names: Iterable[str], facts: ClassFacts, surface: Surface) -> bool:
    """Whether no number is beyond the declared bounds of its field: such a config is refused before any line is met."""
    for name in names:
        value = read_path(kwargs, name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            bounds = field_at(name, facts, surface).bounds
            if any(key in bounds and not holds(value, bounds[key]) for key, holds in _BOUNDS.items()):
                return False
    return True


def _asks_for_nan(literal: Literal) -> bool:
    """Negations of comparisons leave room for it, and nothing accepts it."""
    return isinstance(literal, Atom) and literal.clause == Clause("!=", f"@{literal.subject}")


def _formula(candidate: Candidate) -> Formula:
    return all_of(Atom(subject, clause) for subject, clauses in candidate.fields.items() for clause in clauses)


def _holds(check: Candidate, kwargs: Kwargs, here: Mapping[str, Any], context: Mapping[str, ContextField]) -> bool:
    match = Match("", check.fields, check.defaults)
    return compile_match(match, context_fields=context)(kwargs, {**default_context(context), **here})


def _told(
    candidate: Candidate,
    fields: Mapping[str, tuple[Clause, ...]],
    kwargs: Kwargs,
    here: Mapping[str, Any],
    context: Mapping[str, ContextField],
) -> Candidate:
    needed = {name: (Clause("==", here[name]),) for name in fields if name in context and name not in candidate.fields}
    return replace(candidate, fields={**candidate.fields, **needed}, hints=(kwargs, *candidate.hints))
