"""Narrow a predicate that claims too much until the library agrees: tighter bounds, guards, splits, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from miners.candidates.candidate import Candidate
from miners.dynamic.field_answers import Domain, FieldAnswers, Fields
from miners.dynamic.shapes import infer
from miners.examples.conversion import as_declared
from miners.examples.space import SearchSpace
from miners.surface.facts import ClassFacts, is_closed
from miners.surface.fields import field_at, put
from pytest_llem_invariants.language.expressions import MISSING, parse, read_path
from pytest_llem_invariants.language.inverse import values_by_field
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER
from pytest_llem_invariants.language.predicates import compile_match, reference_of, referenced_fields
from pytest_llem_invariants.language.values import distinct, fits, holdable, identity
from pytest_llem_invariants.model import EMPTY, Clause, Kwargs, Match

Shows = Callable[[Kwargs], bool]
_MOST_VALUES: Final = 60
_OF_KIND: Final = frozenset({"type_is", "type_is_not", "truthy", "falsy", "present", "absent"})


@dataclass(frozen=True, slots=True)
class Refinement:
    """A candidate to try instead, and what changed and why."""

    candidate: Candidate
    reason: str


def refine(
    candidate: Candidate,
    counterexamples: tuple[Kwargs, ...],
    shows: Shows,
    space: SearchSpace,
    *,
    within: Mapping[str, Any] = EMPTY,
) -> tuple[Refinement, ...]:
    """Narrower candidates that no longer claim a counterexample; empty if none is found.

    `shows` asks the library whether a config has the candidate's effect, in the context that `within` gives. One field
    after the other of a config with the effect is varied; the field whose shape excludes most counterexamples is the
    missing guard. If that shape consists of several pieces, the candidate is split.
    """
    positive = next((kwargs for kwargs in candidate.hints if shows(kwargs)), None)
    if positive is None or not counterexamples:
        return ()
    facts, surface = space.facts, space.surface
    triggers_of = partial(_triggers, facts=facts, within=within)
    counted = _counting_bools(candidate, counterexamples)
    if counted.fields != candidate.fields:
        triggers = triggers_of(counted)
        if triggers(positive) and not any(map(triggers, counterexamples)):
            return (Refinement(counted, f"the library accepts {dict(counterexamples[0])!r}; bools count as numbers"),)
    best: tuple[int, tuple[Refinement, ...]] = (0, ())
    for name in _suspects(candidate, positive, counterexamples, facts):
        found = tuple(_narrowed(candidate, name, positive, counterexamples, shows, space, triggers_of))
        excluded = sum(
            not any(triggers_of(refinement.candidate)(kwargs) for refinement in found) for kwargs in counterexamples
        )
        if found and excluded > best[0]:
            best = (excluded, found)
        if best[0] == len(counterexamples):
            break
    declared = as_declared(candidate, facts, surface)
    if not best[1] and declared.fields != candidate.fields:
        triggers = triggers_of(declared)
        if triggers(positive) and not any(map(triggers, counterexamples)):
            reason = f"the library accepts {dict(counterexamples[0])!r}; holds for values that are not converted"
            return (Refinement(declared, reason),)
    return best[1]


def _counting_bools(candidate: Candidate, counterexamples: Iterable[Kwargs]) -> Candidate:
    """The candidate with bools counted as numbers, as Python does, if a counterexample gives a bool."""
    given = {name for kwargs in counterexamples for name, value in kwargs.items() if isinstance(value, bool)}
    counts = Clause(BOOL_IS_NUMBER, True)
    fields = {
        subject: (*clauses, counts) if subject in given and not _tells_bools(clauses) else clauses
        for subject, clauses in candidate.fields.items()
    }
    return replace(candidate, fields=fields)


def _tells_bools(clauses: Iterable[Clause]) -> bool:
    """Whether these clauses already decide about bools: they name one, or count it as a number."""
    for clause in clauses:
        values = clause.rhs if clause.op in ("in", "not_in") else [clause.rhs] if clause.op in ("==", "!=") else []
        if clause.op == BOOL_IS_NUMBER or any(isinstance(value, bool) for value in values):
            return True
    return False


def _triggers(candidate: Candidate, facts: ClassFacts, within: Mapping[str, Any]) -> Shows:
    compiled = compile_match(Match("", candidate.fields, candidate.defaults), context_fields=within)
    return lambda kwargs: compiled({**facts.base_kwargs, **kwargs}, within)


def _suspects(
    candidate: Candidate, positive: Kwargs, counterexamples: Iterable[Kwargs], facts: ClassFacts
) -> tuple[str, ...]:
    """Fields that may hold the missing guard: first those in which a counterexample differs from the positive."""
    own = referenced_fields(Match("", candidate.fields))
    differing: dict[str, None] = {}
    for kwargs in counterexamples:
        for name in (*own, *kwargs, *positive):
            if not _alike(read_path(positive, name), read_path(kwargs, name)):
                differing.setdefault(name)
    return tuple(name for name in differing if name in own or name in facts.fields)


def _alike(left: Any, right: Any) -> bool:
    return left is right or (left is not MISSING and right is not MISSING and identity(left) == identity(right))


def _narrowed(
    candidate: Candidate,
    name: str,
    positive: Kwargs,
    counterexamples: tuple[Kwargs, ...],
    shows: Shows,
    space: SearchSpace,
    triggers_of: Callable[[Candidate], Shows],
) -> Iterator[Refinement]:
    facts, surface = space.facts, space.surface
    values = _values(candidate, name, counterexamples, space)

    def with_value(value: Any) -> Kwargs:
        return put(positive, name, value, facts, surface)

    fact = field_at(name, facts, surface)
    if is_closed(fact):
        met = {identity(read_path(kwargs, name)) for kwargs in counterexamples}
        values = tuple(value for value in values if fits(value, fact) or identity(value) in met)
    accepted = tuple(value for value in values if not shows(with_value(value)))
    answers = FieldAnswers(
        rejected=tuple(value for value in values if shows(with_value(value))),
        accepted=accepted,
        rejects=lambda value: shows(with_value(value)),
        domain=Domain(is_whole=is_closed(fact) and all(fits(value, fact) for value in accepted)),
    )
    if not answers.rejected or not answers.accepted:
        return
    crossing = _crosses(candidate.fields, name)
    defaults = _default_of(name, positive, facts)
    pieces = tuple(infer(name, answers))
    if not pieces and is_closed(fact) and not answers.domain.is_whole:
        # Something beside what is declared is accepted: of what else there is nothing is known, but of these it is.
        pieces = ({name: (Clause("in", [value for value in answers.rejected if fits(value, fact)]),)},)
    for piece in pieces:
        if crossing and not all(clause.op in _OF_KIND for clauses in piece.values() for clause in clauses):
            continue
        narrowed = replace(
            candidate,
            fields=_joined(candidate.fields, piece, name, crossing=crossing),
            defaults={**candidate.defaults, **defaults},
        )
        triggers = triggers_of(narrowed)
        if narrowed.fields != candidate.fields and not all(triggers(kwargs) for kwargs in counterexamples):
            hint = next((with_value(value) for value in answers.rejected if triggers(with_value(value))), None)
            if hint is not None:
                spoken = ", ".join(f"{subject} {_say(clauses)}" for subject, clauses in piece.items())
                yield Refinement(
                    replace(narrowed, hints=(hint,), clear=()),
                    f"the library accepts {dict(counterexamples[0])!r}; holds where {spoken}",
                )


def _values(
    candidate: Candidate, name: str, counterexamples: tuple[Kwargs, ...], space: SearchSpace
) -> tuple[Any, ...]:
    met = [read_path(kwargs, name) for kwargs in (*counterexamples, *candidate.hints)]
    own = [
        value
        for subject, clauses in candidate.fields.items()
        for field, value in values_by_field(subject, clauses, space.surface)
        if field == name
    ]
    known = [value for value in distinct([*met, *own]) if holdable(value)]
    return distinct([*known, *space.choices.beside(name, known)])[: _MOST_VALUES + len(met)]


def _crosses(fields: Fields, name: str) -> bool:
    """Whether a clause compares the field with another one: then its thresholds are not constants."""
    for subject, clauses in fields.items():
        inside = {*parse(subject).fields}
        for clause in clauses:
            reference = reference_of(clause.rhs)
            related = inside | (set(parse(reference).fields) if reference is not None else set())
            if name in related and len(related) > 1:
                return True
    return False


def _default_of(name: str, positive: Kwargs, facts: ClassFacts) -> Mapping[str, Any]:
    """The default of the field, needed as soon as a guard mentions the field."""
    fact = facts.fields.get(name)
    if fact is None or name in positive or not holdable(fact.default) or fact.default is None:
        return {}
    return {name: fact.default}


def _joined(fields: Fields, piece: Fields, name: str, *, crossing: bool) -> Fields:
    """The piece instead of the clauses on the field alone, or in addition if a clause compares it with other fields."""
    kept: dict[str, tuple[Clause, ...]] = {}
    for subject, clauses in fields.items():
        alone = parse(subject).fields == (name,) and all(reference_of(clause.rhs) in (None, name) for clause in clauses)
        if crossing or not alone:
            kept[subject] = clauses
    for subject, clauses in piece.items():
        already = kept.get(subject, ())
        kept[subject] = (*already, *(clause for clause in clauses if not _has(already, clause)))
    return kept


def _has(clauses: Iterable[Clause], wanted: Clause) -> bool:
    return any(clause.op == wanted.op and same(clause.rhs, wanted.rhs) for clause in clauses)


def _say(clauses: Iterable[Clause]) -> str:
    return " and ".join(f"{clause.op} {clause.rhs!r}" for clause in clauses)
