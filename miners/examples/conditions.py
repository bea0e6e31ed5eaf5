"""The conditions of checks as formulas: whole, as far as a config satisfies them, and simplified for a context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.logic.formulas import FALSE, TRUE, And, Atom, Formula, Literal, Opaque, Or, all_of, any_of, negate
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import EMPTY, Clause, ContextField, Kwargs, Match
from pytest_llem_invariants.replay.contexts import default_context


def condition_of(candidate: Candidate) -> Formula:
    """The condition of a candidate."""
    return all_of(Atom(subject, clause) for subject, clauses in candidate.fields.items() for clause in clauses)


def in_full(checks: Sequence[Candidate]) -> tuple[Formula, ...]:
    """The whole conditions of checks. An opaque guard of one may be the negation of what another one says."""
    denied = [
        negate(Atom(subject, clause)) for one in checks for subject in one.fields for clause in one.fields[subject]
    ]
    known = {OpaqueGuard.of(one): one for one in denied if isinstance(one, Opaque)}
    return tuple(
        all_of((condition_of(one), *(known.get(guard) or _opaque(guard) for guard in one.opaque))) for one in checks
    )


def _opaque(guard: OpaqueGuard) -> Opaque:
    return Opaque(guard.text, guard.place or "", guard.negated)


def held(
    check: Candidate, kwargs: Kwargs, here: Mapping[str, Any], context: Mapping[str, ContextField]
) -> Formula | None:
    """The part of a check's condition that a config satisfies: earlier code may have set the other fields.

    None if it satisfies no part: then another check raised.
    """
    under = {**default_context(context), **here}

    def holds(part: Atom) -> bool:
        match = Match("", {part.subject: (part.clause,)}, check.defaults)
        return compile_match(match, context_fields=context)(kwargs, under)

    parts = (Atom(subject, clause) for subject, clauses in check.fields.items() for clause in clauses)
    met = tuple(filter(holds, parts))
    return all_of(met) if met else None


def _otherwise(exists: Formula) -> Formula:
    """That some element differs: instead of "no element satisfies it", the next config has one that does not."""
    match exists:
        case Or(parts=parts):
            return all_of(map(_otherwise, parts))
        case And(parts=parts):
            return any_of(map(_otherwise, parts))
        case Atom(subject=subject, clause=clause) if OPERATORS[clause.op].negation is not None:
            return Atom(subject, Clause(OPERATORS[clause.op].negation or "", clause.rhs))
        case _:
            return TRUE


def asks_for_nan(literal: Literal) -> bool:
    """Whether a literal asks for nan: negated comparisons allow it, but no field accepts it."""
    return isinstance(literal, Atom) and literal.clause == Clause("!=", f"@{literal.subject}")


def possible(formula: Formula, context: Mapping[str, ContextField]) -> Formula:
    """The formula without clauses that hold for every known value of the context, or for none."""
    match formula:
        case And(parts=parts):
            return all_of(possible(part, context) for part in parts)
        case Or(parts=parts):
            return any_of(possible(part, context) for part in parts)
        case Atom(subject=name) if name in context:
            test = compile_match(Match("", {name: (formula.clause,)}), context_fields=context)
            field = context[name]
            met = {test(EMPTY, {name: value}) for value in (field.default, *field.values)}
            return TRUE if met == {True} else FALSE if met == {False} else formula
        case Opaque(shape="every element", dual=dual) if dual is not None:
            return _otherwise(dual)
        case _:
            return formula
