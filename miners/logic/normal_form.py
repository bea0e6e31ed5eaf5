"""Disjunctions of conjunctions, without implied ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, final

from miners.logic.clauses import imply, simplified
from miners.logic.formulas import And, Atom, Conjunction, Formula, Literal, Opaque, Or, Truth, negate

DEFAULT_LIMIT: Final = 48


def to_dnf(formula: Formula, limit: int = DEFAULT_LIMIT) -> tuple[Conjunction, ...] | None:
    """The satisfiable conjunctions whose disjunction is the formula; None if there are more than `limit`."""
    try:
        found = _dnf(formula, limit)
    except OverflowError:
        return None
    return without_implied(found)


def _dnf(formula: Formula, limit: int) -> list[Conjunction]:
    match formula:
        case Truth(value=value):
            return [()] if value else []
        case Atom() | Opaque():
            return [(formula,)]
        case Or(parts=parts):
            found: dict[Conjunction, None] = {}
            for part in parts:
                found.update(dict.fromkeys(_dnf(part, limit)))
                _bounded(found, limit)
            return list(found)
        case And(parts=parts):
            products: list[Conjunction] = [()]
            for part in sorted(parts, key=lambda part: isinstance(part, (Or, And))):
                products = _multiplied(products, _dnf(part, limit), limit)
            return products


def _multiplied(left: Sequence[Conjunction], right: Sequence[Conjunction], limit: int) -> list[Conjunction]:
    found: dict[Conjunction, None] = {}
    for one in left:
        for other in right:
            joined = simplify((*one, *other))
            if joined is not None:
                found[joined] = None
                _bounded(found, limit * 4)
    products = list(found)
    if len(products) > limit:
        products = list(without_implied(products))
        _bounded(products, limit)
    return products


def _bounded(found: Sequence[Conjunction] | Mapping[Conjunction, None], limit: int) -> None:
    if len(found) > limit:
        raise OverflowError


def without_implied(conjunctions: Sequence[Conjunction]) -> tuple[Conjunction, ...]:
    """Drop every conjunction that implies another one."""
    fewer = [found for found in (simplify(one) for one in conjunctions) if found is not None]
    kept: list[_Read] = []
    for conjunction in sorted(dict.fromkeys(fewer), key=len):
        read = _Read.of(conjunction)
        if not any(read.implies(weaker) for weaker in kept):
            kept.append(read)
    order = {conjunction: index for index, conjunction in reversed(list(enumerate(fewer)))}
    return tuple(sorted((read.conjunction for read in kept), key=lambda conjunction: order[conjunction]))


def implies(stronger: Conjunction, weaker: Conjunction) -> bool:
    """Whether the one conjunction holds only where the other does; False if that cannot be decided."""
    return _Read.of(stronger).implies(_Read.of(weaker))


@final
@dataclass(frozen=True, slots=True)
class _Read:
    """A conjunction with cached lookups."""

    conjunction: Conjunction
    literals: frozenset[Literal]
    atoms: Mapping[str, tuple[Atom, ...]]

    @classmethod
    def of(cls, conjunction: Conjunction) -> _Read:
        return cls(conjunction, frozenset(conjunction), _by_subject(conjunction))

    def implies(self, weaker: _Read) -> bool:
        if not weaker.atoms.keys() <= self.atoms.keys():
            return False
        return all(
            isinstance(literal, Atom) and _follows(literal, self.atoms[literal.subject])
            for literal in weaker.literals - self.literals
        )


@lru_cache(maxsize=65536)
def _follows(literal: Atom, known: tuple[Atom, ...]) -> bool:
    return imply(tuple(one.clause for one in known), literal.clause)


def _by_subject(conjunction: Conjunction) -> dict[str, tuple[Atom, ...]]:
    grouped: dict[str, tuple[Atom, ...]] = {}
    for literal in conjunction:
        if isinstance(literal, Atom):
            grouped[literal.subject] = (*grouped.get(literal.subject, ()), literal)
    return grouped


@lru_cache(maxsize=65536)
def simplify(conjunction: Conjunction) -> Conjunction | None:
    """The same conjunction with fewer clauses; None if no value satisfies it."""
    literals = tuple(dict.fromkeys(conjunction))
    opaque = [literal for literal in literals if isinstance(literal, Opaque)]
    if any(negate(literal) in literals for literal in opaque):
        return None
    grouped = _by_subject(literals)
    if len(opaque) + len(grouped) == len(literals):
        return literals
    reduced: dict[str, tuple[Atom, ...]] = {}
    for subject, atoms in grouped.items():
        kept = atoms if len(atoms) == 1 else _simplified(atoms)
        if kept is None:
            return None
        reduced[subject] = kept
    result: list[Literal] = []
    for literal in literals:
        if isinstance(literal, Opaque):
            result.append(literal)
        else:
            result.extend(reduced.pop(literal.subject, ()))
    return tuple(result)


@lru_cache(maxsize=65536)
def _simplified(atoms: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    """The clauses on one subject, shortened; the same few occur in most cases of a condition."""
    subject = atoms[0].subject
    clauses = simplified(subject, tuple(one.clause for one in atoms))
    return None if clauses is None else tuple(Atom(subject, clause) for clause in clauses)
