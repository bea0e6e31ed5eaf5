"""Fields that hold a model which a converting class makes of a mapping: its parts are the keys, which tell its class.

Of models that are classes of the surface more is known; these are the others, such as the parts of a request.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from miners.code.definitions import ClassSource
from miners.logic.formulas import Formula, all_of, any_of, atom
from miners.static.known import Known
from miners.surface.types import InstanceType, Plain, alternatives
from miners.symbolic.terms import Field, Term


def part_of_model(known: Known, path: str, name: str) -> Field | None:
    """What an attribute of a field is, where the field holds models alone and one of them declares it."""
    models = _models_at(known, path)
    return Field(f"{path}.{name}") if any(name in declared for declared in models.values()) else None


def is_model(known: Known, term: Term, kinds: Sequence[str]) -> Formula | None:
    """That a field holds one of these models: a mapping with a word in one of its keys that only they want."""
    models = _models_at(known, term.path) if isinstance(term, Field) else {}
    if not isinstance(term, Field) or not kinds or not models.keys() >= set(kinds):
        return None
    is_mapping = atom(term.path, "type_is", "dict")
    if models.keys() == set(kinds):
        return is_mapping
    told = [_told_by(term.path, models[kind], [models[other] for other in models if other != kind]) for kind in kinds]
    return None if None in told else all_of((is_mapping, any_of(one for one in told if one is not None)))


def _told_by(path: str, own: Mapping[str, ast.expr], others: Sequence[Mapping[str, ast.expr]]) -> Formula | None:
    for name, annotation in own.items():
        word = _word(annotation)
        if word is not None and all(_word(other.get(name)) not in (None, word) for other in others):
            return atom(f"{path}.{name}", "==", word)
    return None


def _word(annotation: ast.expr | None) -> str | None:
    """The one word that a field takes."""
    match annotation:
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Constant(value=str() as word)):
            return word
        case _:
            return None


def _models_at(known: Known, path: str) -> Mapping[str, Mapping[str, ast.expr]]:
    """Class → its fields with their annotations, of each model that a field holds; empty where it may hold more."""
    fact = known.fact(path)
    if fact is None or not known.facts.kind.coerces or known.instance_at(path) is not None:
        return {}
    found: dict[str, Mapping[str, ast.expr]] = {}
    for one in alternatives(fact.type):
        if isinstance(one, Plain) and one.name == "none":
            continue
        source = known.reader.class_at(f"{one.module}:{one.name}") if isinstance(one, InstanceType) else None
        declared = {} if source is None else _declared(known, source)
        if not declared or not isinstance(one, InstanceType):
            return {}
        found[one.name] = declared
    return found


def _declared(known: Known, source: ClassSource) -> Mapping[str, ast.expr]:
    return {
        statement.target.id: statement.annotation
        for owner in reversed(known.reader.mro(source))
        for statement in owner.node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
