"""The types for which a rule read from source is meant: pydantic converts values before code compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from miners.candidates.candidate import Candidate
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, class_of, field_at
from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.model import AddedBy, Clause

_HELD_BY_OTHERS: Final = frozenset({"truthy", "!=", "not_in"})
"""A value of another type may be converted to one that violates the rule: 'off' is true, '1' is not 1."""
_GIVEN_AS: Final[Mapping[str, tuple[str, ...]]] = {"bool": ("bool",), "int": ("int",), "float": ("int", "float")}


def as_declared(candidate: Candidate, facts: ClassFacts, surface: Surface) -> Candidate:
    """The candidate for values of the declared types only, where other values would be converted first."""
    if candidate.added_by is not AddedBy.STATIC_MINER:
        return candidate
    fields = dict(candidate.fields)
    for subject, clauses in candidate.fields.items():
        if not any(clause.op in _HELD_BY_OTHERS for clause in clauses):
            continue
        references = [reference_of(clause.rhs) for clause in clauses if clause.op in _HELD_BY_OTHERS]
        for name in (subject, *(one for one in references if one is not None)):
            types = _converted(name, facts, surface)
            if types and not any(clause.op == "type_is" for clause in fields.get(name, ())):
                said = Clause("type_is", types[0] if len(types) == 1 else list(types))
                fields[name] = (*fields.get(name, ()), said)
    return replace(candidate, fields=fields)


def _converted(name: str, facts: ClassFacts, surface: Surface) -> tuple[str, ...]:
    """The types whose numbers or truth values a converting class takes unchanged; none for other fields."""
    if parse(name).fields != (name,):
        return ()
    parent = name.rpartition(".")[0]
    owner = class_of(field_at(parent, facts, surface), surface) if parent else facts
    if owner is None or not owner.kind.coerces:
        return ()
    fact = field_at(name, facts, surface)
    known = [_GIVEN_AS.get(one) for one in fact.types if one != "none"]
    if fact.literals is not None or not known or None in known:
        return ()
    return tuple(dict.fromkeys(one for group in known if group is not None for one in group))
