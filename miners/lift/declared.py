"""Types read as pydantic would enforce them, for classes of which only the facts are known.

Standard dataclasses and msgspec structs do not check their annotations when they are built directly. Their types are
proposed anyway, and the gate decides whether anything enforces them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from miners.candidates.candidate import Candidate
from miners.lift.candidates import candidates_of
from miners.lift.schema import Reader
from miners.surface.facts import ClassFacts, ClassKind
from miners.surface.types import (
    Bounded,
    ChoiceType,
    Either,
    Group,
    InstanceType,
    Plain,
    TypeExpr,
    UnknownType,
    alternatives,
)
from pytest_llem_invariants.model import AddedBy

ADDED_BY: Final = {
    ClassKind.MSGSPEC: AddedBy.MSGSPEC_LIFT,
    ClassKind.DATACLASS: AddedBy.DATACLASS_LIFT,
    ClassKind.PYDANTIC_MODEL: AddedBy.PYDANTIC_LIFT,
    ClassKind.PYDANTIC_DATACLASS: AddedBy.PYDANTIC_LIFT,
}
_GROUPS: Final = ("list", "set", "frozenset")
_SCALARS: Final = ("int", "float", "bool", "str", "bytes", "none", "callable")


def lift_annotations(facts: ClassFacts) -> Iterator[Candidate]:
    """The values that the annotated types of a class reject."""
    added_by = ADDED_BY[facts.kind]
    reader = Reader()
    for fact in facts.fields.values():
        if not fact.settable or (facts.kind is ClassKind.DATACLASS and not _has_choice(fact.type)):
            continue
        table = reader.read(core_schema(fact.type), fact.keyword)
        yield from candidates_of(facts, fact, table, added_by, located=facts.kind.coerces)


def _has_choice(type_: TypeExpr) -> bool:
    return any(isinstance(one, ChoiceType) for one in alternatives(type_))


def core_schema(type_: TypeExpr) -> Mapping[str, Any]:
    """The type as a pydantic core schema; a type that has none there accepts everything."""
    match type_:
        case Plain(name) if name in _SCALARS:
            return {"type": name}
        case ChoiceType(values, None):
            return {"type": "literal", "expected": list(values)}
        case ChoiceType(values, str()):
            return {"type": "literal", "expected": list(values)}
        case Either(members):
            return {"type": "union", "choices": [core_schema(one) for one in members]}
        case Group("dict" | "Mapping", (key, value)):
            return {"type": "dict", "keys_schema": core_schema(key), "values_schema": core_schema(value)}
        case Group("dict" | "Mapping"):
            return {"type": "dict"}
        case Group("tuple", items, fixed) if items:
            schemas = [core_schema(one) for one in items]
            return {"type": "tuple", "items_schema": schemas, **({} if fixed else {"variadic_item_index": 0})}
        case Group(name, (item,)) if name in _GROUPS:
            return {"type": name, "items_schema": core_schema(item)}
        case Group(name) if name in _GROUPS:
            return {"type": name}
        case Bounded(inner, bounds):
            return {**core_schema(inner), **bounds}
        case Plain() | Group() | InstanceType() | UnknownType():
            return {"type": "any"}
    raise AssertionError(type_)
