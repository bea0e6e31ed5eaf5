"""The surface of an engine walked into a schema."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from miners.discovery.docs import class_description, field_descriptions
from miners.discovery.shapes import shape_of, to_json
from miners.facts import ClassFacts, FieldFact
from miners.surface import engine_surface
from miners.types import Unknown, alternatives
from pytest_llem_invariants.expressions import MISSING
from pytest_llem_invariants.files import now

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter

SCHEMA_VERSION: Final = "1.0.0"
_SAMPLING: Final = frozenset({"sampling", "generation"})
_DEPRECATED: Final = re.compile(r"\bdeprecated\b", re.IGNORECASE)
_INSTEAD: Final = re.compile(r"\b(?:use|favou?r of|replaced by)\s+[`\"']*(\w+)", re.IGNORECASE)


def discover(adapter: EngineAdapter) -> dict[str, Any]:
    """The schema of an engine by import; docs/reference/schema.md says what is in it."""
    version = adapter.import_library()
    surface = engine_surface(adapter)
    schema: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "engine": adapter.ssot.engine,
        "engine_version": version,
        "engine_commit_sha": None,
        "image_ref": os.environ.get("LLEM_IMAGE_REF"),
        "base_image_ref": adapter.ssot.image,
        "discovered_at": now(),
        "discovery_method": "import",
        "native_types": {},
        "engine_params": {},
        "sampling_params": {},
        "discovery_limitations": [],
    }
    for name, facts in sorted(surface.items()):
        declared = adapter.ssot.native_types.get(name)
        namespace = declared.namespace if declared else None
        add_class(schema, facts, adapter.native_class(name), namespace)
    return schema


def add_class(schema: dict[str, Any], facts: ClassFacts, cls: type, namespace: str | None) -> None:
    """Add one class with its parameters and what could not be recovered of them."""
    group = group_of(namespace)
    schema["native_types"][facts.native_type] = {
        "target": facts.target,
        "kind": facts.kind.value,
        "defined_at": f"{facts.path}:{facts.line}",
        "description": class_description(cls),
        "namespace": namespace,
        "accepts_extra": facts.accepts_extra,
        "group": group,
    }
    descriptions = field_descriptions(cls)
    public = {name: fact for name, fact in facts.fields.items() if not name.startswith("_")}
    schema[group][facts.native_type] = {
        name: parameter(facts, fact, descriptions.get(name)) for name, fact in public.items() if fact.settable
    }
    schema["discovery_limitations"] += [
        {"native_type": facts.native_type, "field": fact.name, "reason": reason, "detail": detail}
        for fact in public.values()
        for reason, detail in limitations(fact)
    ]


def group_of(namespace: str | None) -> str:
    return "sampling_params" if _SAMPLING & set((namespace or "").split(".")) else "engine_params"


def parameter(facts: ClassFacts, fact: FieldFact, description: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": fact.annotation,
        "shape": shape_of(fact.type),
        "nullable": fact.nullable,
        "required": fact.required,
        "default_kind": "value",
        "enum": None if fact.literals is None else to_json(fact.literals),
        "bounds": to_json(fact.bounds),
        "description": description,
        "native_class": facts.target,
        "defined_at": f"{facts.path}:{fact.line or facts.line}",
        "deprecated": deprecation(description),
        "init_only": fact.init_only,
        "alias": fact.alias,
    }
    if fact.default is not MISSING:
        entry["default"] = to_json(fact.default)
    elif fact.required:
        entry["default_kind"] = "none"
    else:
        entry |= {"default_kind": "computed", "default_text": "made when the class is built"}
    return entry


def deprecation(description: str | None) -> Mapping[str, str | None] | None:
    if description is None or not _DEPRECATED.search(description):
        return None
    instead = _INSTEAD.search(description)
    return {"by": instead[1] if instead else None, "note": description}


def limitations(fact: FieldFact) -> Iterator[tuple[str, str]]:
    if not fact.settable:
        yield "not_settable", "derived by the library; no keyword argument sets it"
        return
    unknown = [one.text for one in alternatives(fact.type) if isinstance(one, Unknown)]
    if unknown:
        yield ("unknown_type", " | ".join(unknown)) if any(unknown) else ("untyped", "the source gives no type")
    if fact.default is MISSING and not fact.required:
        yield "computed_default", "made by a factory or an object"
