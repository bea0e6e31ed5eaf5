"""Pydantic models and dataclasses: candidates from the schema that pydantic-core runs."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from miners.candidates.candidate import Candidate
from miners.lift.candidates import candidate, candidates_of
from miners.lift.kinds import unlike
from miners.lift.rejections import any_rejects
from miners.lift.schema import Reader, fields_of, has_validator_before, object_schema
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.imported import plain_default
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.model import AddedBy, Clause


def lift_pydantic(cls: type, facts: ClassFacts, siblings: Collection[type]) -> Iterator[Candidate]:
    """The values that every field of a live class rejects."""
    if why_undefined(cls) is not None:
        return
    schema: Mapping[str, Any] = cls.__pydantic_core_schema__  # type: ignore[attr-defined]
    before = has_validator_before(schema)
    opaque = f"validator {before} before the fields" if before else None
    inner, reader = object_schema(schema, Reader(siblings=siblings))
    schemas = fields_of(inner)
    for name, fact in facts.fields.items():
        if name.startswith("_"):
            continue
        if not fact.settable:
            if not facts.accepts_extra:
                yield _cannot_be_given(facts, name)
        elif name in schemas:
            one = schemas[name]["schema"]
            table = any_rejects(reader.read(one, fact.keyword), unlike(one, fact.keyword, reader))
            known = _with_default_here(cls, fact)
            yield from candidates_of(facts, known, table, AddedBy.PYDANTIC_LIFT, located=True, opaque=opaque)


def why_undefined(cls: type) -> str | None:
    """Why a pydantic class cannot be used: one of its annotations names something undefined."""
    schema = inspect.getattr_static(cls, "__pydantic_core_schema__", None)
    if schema is None or type(schema) is dict:
        return None
    try:
        return None if "type" in cls.__pydantic_core_schema__ else "it has no schema"  # type: ignore[attr-defined]
    except Exception as error:  # an exception of pydantic, whose version may be any
        return str(error).partition("\n")[0]


def _cannot_be_given(facts: ClassFacts, name: str) -> Candidate:
    return candidate(
        facts,
        facts.fields[name],
        {name: (Clause("present", True),)},
        AddedBy.PYDANTIC_LIFT,
        template=f"\n{name}{{…}}\n  ",
    )


def _with_default_here(cls: type, fact: FieldFact) -> FieldFact:
    """The fact with what its default factory makes on this machine: enough to distinguish None from no value.

    Where that is another each time, an empty one of its kind is enough, too, and the same in every run.
    """
    info = cls.__pydantic_fields__.get(fact.name)  # type: ignore[attr-defined]
    if fact.required or fact.default is not MISSING or info is None or info.default_factory is None:
        return fact
    try:
        made, again = (plain_default(info.get_default(call_default_factory=True)) for _ in range(2))
        return replace(fact, default=made if made == again else type(made)())
    except Exception:  # a factory may need something that this machine lacks
        return fact
