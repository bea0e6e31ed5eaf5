"""What a formula means: its truth on one config, by the predicates themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from miners.logic.formulas import And, Atom, Formula, Literal, Opaque, Or, Truth
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Kwargs, Match


def evaluate(
    formula: Formula, config: Kwargs, context: Kwargs | None = None, defaults: Kwargs | None = None
) -> bool | None:
    """The truth of a formula on one config; None where an opaque part decides."""
    match formula:
        case Truth(value=value):
            return value
        case Opaque():
            return None
        case Atom():
            return _compiled(formula, tuple(context or ()), tuple(sorted((defaults or {}).items(), key=repr)))(
                config, context or {}
            )
        case And(parts=parts) | Or(parts=parts):
            decisive = isinstance(formula, Or)
            answers = [evaluate(part, config, context, defaults) for part in parts]
            if decisive in answers:
                return decisive
            return None if None in answers else not decisive


def _compiled(
    literal: Atom, context_fields: tuple[str, ...], defaults: tuple[tuple[str, Any], ...]
) -> Callable[[Kwargs, Kwargs], bool]:
    match = Match("", {literal.subject: (literal.clause,)}, dict(defaults))
    return compile_match(match, context_fields=context_fields)


def literals_of(formula: Formula) -> Iterator[Literal]:
    """Every literal of a formula, in order of appearance."""
    match formula:
        case Atom() | Opaque():
            yield formula
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from literals_of(part)
