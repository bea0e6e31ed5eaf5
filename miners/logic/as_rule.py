"""Express a formula as the clauses of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from miners.logic.clauses import as_members, is_same, united
from miners.logic.formulas import Conjunction, Opaque
from pytest_llem_invariants.language.expressions import opens_elements
from pytest_llem_invariants.language.operators import MIRROR
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.model import Clause


@final
@dataclass(frozen=True, slots=True)
class Spoken:
    """A conjunction as a rule can state it, and the part that no rule can state."""

    fields: Mapping[str, tuple[Clause, ...]]
    opaque: tuple[Opaque, ...]


def fields_of(conjunction: Conjunction) -> Spoken:
    """The clauses by subject. Each operator occurs once; a second one moves to the other operand or becomes opaque."""
    fields: dict[str, dict[str, Clause]] = {}
    opaque: list[Opaque] = []
    for literal in conjunction:
        if isinstance(literal, Opaque):
            opaque.append(literal)
            continue
        placed = _place(fields, literal.subject, literal.clause)
        reference = reference_of(literal.clause.rhs)
        if not placed and reference is not None and literal.clause.op in MIRROR:
            mirrored = Clause(MIRROR[literal.clause.op], f"@{literal.subject}")
            placed = not opens_elements(literal.subject) and _place(fields, reference, mirrored)
        if not placed:
            text = f"{literal.subject} {literal.clause.op} {literal.clause.rhs!r}"
            opaque.append(Opaque(text, "", shape="operator twice on one subject"))
    return Spoken({subject: tuple(clauses.values()) for subject, clauses in fields.items()}, tuple(opaque))


def _place(fields: dict[str, dict[str, Clause]], subject: str, clause: Clause) -> bool:
    clauses = fields.setdefault(subject, {})
    known = clauses.get(clause.op)
    if known is None or is_same(known, clause):
        clauses[clause.op] = clause
        return True
    both = united(known, clause)
    if both is not None:
        clauses[clause.op] = both
        return True
    for kept, other in ((known, clause), (clause, known)):
        again = as_members(other)
        if again is not None and again.op not in clauses:
            clauses.update({kept.op: kept, again.op: again})
            return True
    return False
