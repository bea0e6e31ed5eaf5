"""Shorten formulas: drop what the surrounding conjunction already says.

A walk collects conditions as it meets them, so a property that is read three times occurs three times. True parts
disappear, a false part removes its alternative, and alternatives on one subject become one clause.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeGuard, final

from miners.logic.clauses import imply, is_plain, simplified
from miners.logic.formulas import (
    FALSE,
    TRUE,
    And,
    Atom,
    Formula,
    Literal,
    Opaque,
    Or,
    Truth,
    all_of,
    any_of,
    atom,
    negate,
)
from miners.logic.normal_form import simplify
from pytest_llem_invariants.language.expressions import opens_elements
from pytest_llem_invariants.language.operators import OPERATORS, Negated
from pytest_llem_invariants.language.values import distinct
from pytest_llem_invariants.model import Clause

_MOST_PASSES: Final = 2
_MOST_JUNCTIONS: Final = 400
_MOST_PARTS: Final = 200
"""A junction with more parts than this stays unchanged."""
_MOST_READINGS: Final = 512
"""How often one junction is processed, each time beside other literals."""

_Literals = tuple[Literal, ...]
_Beside = tuple[_Literals, _Literals]
"""The literals that hold and those that fail."""


def narrowed(formula: Formula, most: int = _MOST_JUNCTIONS) -> Formula:
    """An equivalent formula with fewer parts; after `most` junctions the rest stays unchanged."""
    for _ in range(_MOST_PASSES):
        before, formula = formula, _narrowed_once(formula, most)
        if formula == before:
            break
    return formula


@lru_cache(maxsize=4096)
def _narrowed_once(formula: Formula, most: int) -> Formula:
    """One pass, cached: a formula is often narrowed twice without a change in between."""
    return Narrowing(most).of(formula, (), ())


@final
class Narrowing:
    """One pass over a formula.

    A formula is a tree with many equal branches: each is processed once for each set of relevant literals. A branch
    that occurs beside very many sets of literals stays unchanged after the limit. Narrowing several conditions of one
    class shares the cache, and each condition adds to the limit.
    """

    def __init__(self, most: int = 0) -> None:
        self._left = most
        self._read: dict[Formula, tuple[_Parts, dict[_Beside, Formula]]] = {}

    def allow(self, most: int) -> None:
        """Allow so many more junctions."""
        self._left = most

    def of(self, formula: Formula, holds: _Literals, fails: _Literals) -> Formula:
        """The formula, given literals that hold and literals that do not."""
        if not isinstance(formula, (And, Or)):
            return formula if isinstance(formula, Truth) else _of_literal(formula, holds, fails)
        parts, read = self._read.get(formula) or self._met(formula)
        beside = (_about(parts.asked, holds), _about(parts.asked, fails))
        known = read.get(beside)
        if known is not None:
            return known
        if self._left <= 0 or len(read) >= _MOST_READINGS or len(formula.parts) > _MOST_PARTS:
            return formula
        self._left -= 1
        read[beside] = found = self._of_parts(parts, *beside)
        return found

    def _met(self, formula: And | Or) -> tuple[_Parts, dict[_Beside, Formula]]:
        return self._read.setdefault(formula, (_parts(formula), {}))

    def _of_parts(self, parts: _Parts, holds: _Literals, fails: _Literals) -> Formula:
        """Narrow each part, given that the literals beside it hold (in a disjunction: do not)."""
        said = _of_literals(parts.literals, _about(parts.told, holds), _about(parts.told, fails), parts.conjunctive)
        if said is None:
            return FALSE
        inside = _with(holds, fails, said.kept, parts.conjunctive)
        found = (*said.decided, *said.kept, *[self.of(part, *inside) for part in parts.junctions])
        return all_of(found) if parts.conjunctive else _with_members_joined(any_of(found))


@final
@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of a junction by kind."""

    conjunctive: bool
    literals: _Literals
    junctions: tuple[And | Or, ...]
    asked: frozenset[str]
    """The subjects of all junctions."""
    told: frozenset[str]
    """The subjects of the literals."""


@lru_cache(maxsize=65536)
def _parts(formula: And | Or) -> _Parts:
    literals = tuple([part for part in formula.parts if isinstance(part, (Atom, Opaque))])
    junctions = tuple([part for part in formula.parts if isinstance(part, (And, Or))])
    told = frozenset([literal.subject for literal in literals])
    asked = told.union(*[_parts(part).asked for part in junctions])
    return _Parts(isinstance(formula, And), literals, junctions, asked, told)


@final
@dataclass(frozen=True, slots=True)
class _Said:
    """The result for literals beside each other."""

    decided: tuple[Truth, ...]
    kept: _Literals


@lru_cache(maxsize=65536)
def _of_literals(literals: _Literals, holds: _Literals, fails: _Literals, conjunctive: bool) -> _Said | None:
    """Narrow each one, given that the others hold (in a disjunction: do not); None if they contradict each other."""
    kept: list[Literal] = []
    decided: list[Truth] = []
    for index, literal in enumerate(literals):
        beside = kept if conjunctive else [*kept, *literals[index + 1 :]]
        said = _of_literal(literal, *_with(holds, fails, beside, conjunctive))
        if isinstance(said, Truth):
            decided.append(said)
        else:
            kept.append(said)
    together = simplify(tuple(kept)) if conjunctive else tuple(kept)
    return None if together is None else _Said(tuple(decided), together)


def _about(asked: frozenset[str], literals: _Literals) -> _Literals:
    """The literals on the given subjects."""
    return tuple([one for one in literals if one.subject in asked]) if literals and asked else ()


def _of_literal(literal: Literal, holds: _Literals, fails: _Literals) -> Truth | Literal:
    subject = literal.subject
    holds = tuple([one for one in holds if one.subject == subject])
    fails = tuple([one for one in fails if one.subject == subject])
    if not holds and not fails:
        return literal
    return _of_opaque(literal, holds, fails) if isinstance(literal, Opaque) else _of_atom(literal, holds, fails)


def _of_opaque(literal: Opaque, holds: _Literals, fails: _Literals) -> Truth | Opaque:
    opposite = negate(literal)
    if literal in holds or opposite in fails:
        return TRUE
    return FALSE if opposite in holds or literal in fails else literal


@lru_cache(maxsize=131072)
def _of_atom(literal: Atom, holds: _Literals, fails: _Literals) -> Truth | Atom:
    known = tuple(one.clause for one in holds if isinstance(one, Atom))
    if imply(known, literal.clause):
        return TRUE
    if _excluded(literal, known, fails):
        return FALSE
    # Neither an order nor its negation holds where the comparison itself raises.
    exact = OPERATORS[literal.clause.op].negated is not Negated.JUDGED and is_plain(literal.clause.rhs)
    if not fails or not exact or opens_elements(literal.subject):
        return literal
    opposite = negate(literal)
    ways = opposite.parts if isinstance(opposite, Or) else (opposite,)
    return TRUE if all(isinstance(way, Atom) and _excluded(way, known, fails) for way in ways) else literal


def _excluded(literal: Atom, known: tuple[Clause, ...], fails: _Literals) -> bool:
    """Whether a literal cannot hold: it contradicts those that hold, or implies one that does not."""
    together = (*known, literal.clause)
    if known and simplified(literal.subject, together) is None:
        return True
    return any(isinstance(one, Atom) and imply(together, one.clause) for one in fails)


def _with(holds: _Literals, fails: _Literals, more: Iterable[Literal], hold: bool) -> _Beside:
    return ((*holds, *more), fails) if hold else (holds, (*fails, *more))


@lru_cache(maxsize=65536)
def _with_members_joined(formula: Formula) -> Formula:
    """Join alternatives that name values of one subject into one clause."""
    if not isinstance(formula, Or):
        return formula
    values: dict[str, list[object]] = {}
    for part in formula.parts:
        if _names_values(part):
            members = part.clause.rhs if part.clause.op == "in" else [part.clause.rhs]
            values.setdefault(part.subject, []).extend(members)
    return any_of(
        atom(part.subject, "in", list(distinct(values[part.subject]))) if _names_values(part) else part
        for part in formula.parts
    )


def _names_values(part: Formula) -> TypeGuard[Atom]:
    return isinstance(part, Atom) and part.clause.op in ("==", "in") and is_plain(part.clause.rhs)
