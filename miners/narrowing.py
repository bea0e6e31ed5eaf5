"""Formulas in fewer words: what a conjunction already says need not be said, or asked, inside of it again.

A walk collects its conditions as it meets them, and a property that is read three times is there three times. What
holds anyway drops out, what cannot hold takes its alternative along, and alternatives on one subject become one clause.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeGuard, final

from miners.clauses import imply, is_plain, simplified
from miners.logic import (
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
    simplify,
)
from pytest_llem_invariants.expressions import opens_elements
from pytest_llem_invariants.model import Clause
from pytest_llem_invariants.values import distinct

_EXACTLY_NEGATED: Final = frozenset(
    {"==", "!=", "in", "not_in", "present", "absent", "truthy", "falsy", "type_is", "type_is_not"}
)
"""Of an order and its negation neither holds where the library trips over the comparison itself."""
_MOST_PASSES: Final = 2
_MOST_JUNCTIONS: Final = 400
_MOST_PARTS: Final = 200
"""A junction of more parts than this is left as it is."""
_MOST_READINGS: Final = 512
"""So many times one junction is read, each beside other literals."""

_Literals = tuple[Literal, ...]


def narrowed(formula: Formula, most: int = _MOST_JUNCTIONS) -> Formula:
    """A formula that holds exactly where the given one does, in fewer parts; what is beyond `most` stays as it is."""
    for _ in range(_MOST_PASSES):
        before, formula = formula, Narrowing(most).of(formula, (), ())
        if formula == before:
            break
    return formula


@final
class Narrowing:
    """One pass over a formula. It is a tree of many equal branches: each is read once for what it stands beside.

    A branch to which very many ways lead, each beside other literals, is left as it is when it was read often enough.
    Who narrows several conditions of one class keeps what they share: each is allowed so many junctions of its own.
    """

    def __init__(self, most: int = 0) -> None:
        self._left = most
        self._read: dict[Formula, dict[tuple[_Literals, _Literals], Formula]] = {}

    def allow(self, most: int) -> None:
        """So many junctions may be read from now on, beside those that were."""
        self._left = most

    def of(self, formula: Formula, holds: _Literals, fails: _Literals) -> Formula:
        """The formula where some literals hold and others do not."""
        if isinstance(formula, Truth):
            return formula
        if holds or fails:
            asked = _asked(formula)
            holds = _about(asked, holds)
            fails = _about(asked, fails)
        match formula:
            case Opaque():
                return _of_opaque(formula, holds, fails)
            case Atom():
                return _of_atom(formula, holds, fails)
            case And(parts=parts) | Or(parts=parts):
                read = self._read.setdefault(formula, {})
                key = (holds, fails)
                known = read.get(key)
                if known is not None:
                    return known
                if self._left <= 0 or len(read) >= _MOST_READINGS or len(parts) > _MOST_PARTS:
                    return formula
                self._left -= 1
                read[key] = found = self._of_junction(formula, holds, fails)
                return found

    def _of_junction(self, formula: And | Or, holds: _Literals, fails: _Literals) -> Formula:
        """Part by part, each where the literals beside it hold (in a disjunction: do not)."""
        conjunctive = isinstance(formula, And)
        literals = [part for part in formula.parts if _is_literal(part)]
        kept: list[Literal] = []
        decided: list[Formula] = []
        for index, literal in enumerate(literals):
            beside = kept if conjunctive else [*kept, *literals[index + 1 :]]
            said = self.of(literal, *_with(holds, fails, beside, conjunctive))
            if _is_literal(said):
                kept.append(said)
            else:
                decided.append(said)
        if conjunctive:
            together = simplify(tuple(kept))
            if together is None:
                return FALSE
            kept = list(together)
        found: list[Formula] = [*decided, *kept]
        inside = _with(holds, fails, kept, conjunctive)
        found.extend(self.of(part, *inside) for part in formula.parts if isinstance(part, (And, Or)))
        return all_of(found) if conjunctive else _with_members_joined(any_of(found))


@lru_cache(maxsize=65536)
def _asked(formula: Formula) -> frozenset[str]:
    """The subjects that a formula asks about."""
    if isinstance(formula, (And, Or)):
        return frozenset().union(*map(_asked, formula.parts))
    return frozenset() if isinstance(formula, Truth) else frozenset({_subject(formula)})


def _about(asked: frozenset[str], literals: _Literals) -> _Literals:
    """Those that say something of what is asked: millions of times, so without a call for each."""
    return tuple([one for one in literals if (one.subject if type(one) is Atom else one.text) in asked])


def _subject(literal: Literal) -> str:
    return literal.subject if isinstance(literal, Atom) else literal.text


def _of_opaque(literal: Opaque, holds: _Literals, fails: _Literals) -> Formula:
    opposite = negate(literal)
    if literal in holds or opposite in fails:
        return TRUE
    return FALSE if opposite in holds or literal in fails else literal


@lru_cache(maxsize=131072)
def _of_atom(literal: Atom, holds: _Literals, fails: _Literals) -> Formula:
    known = tuple(one.clause for one in holds if isinstance(one, Atom))
    if imply(known, literal.clause):
        return TRUE
    if _excluded(literal, known, fails):
        return FALSE
    exact = literal.clause.op in _EXACTLY_NEGATED and is_plain(literal.clause.rhs)
    if not fails or not exact or opens_elements(literal.subject):
        return literal
    opposite = negate(literal)
    ways = opposite.parts if isinstance(opposite, Or) else (opposite,)
    return TRUE if all(isinstance(way, Atom) and _excluded(way, known, fails) for way in ways) else literal


def _excluded(literal: Atom, known: tuple[Clause, ...], fails: _Literals) -> bool:
    """Whether a literal cannot hold: against what does, or because something would hold then that does not."""
    together = (*known, literal.clause)
    if known and simplified(literal.subject, together) is None:
        return True
    return any(isinstance(one, Atom) and imply(together, one.clause) for one in fails)


def _with(holds: _Literals, fails: _Literals, more: Iterable[Literal], hold: bool) -> tuple[_Literals, _Literals]:
    return ((*holds, *more), fails) if hold else (holds, (*fails, *more))


def _is_literal(formula: Formula) -> TypeGuard[Literal]:
    return isinstance(formula, (Atom, Opaque))


def _with_members_joined(formula: Formula) -> Formula:
    """Alternatives that name values of one subject as one that names them all."""
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
