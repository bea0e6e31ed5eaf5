"""Walk the surface of an engine and write its schema."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from miners.discovery.commit import commit_of
from miners.discovery.deprecation import deprecation
from miners.discovery.docs import FieldDoc, class_description, class_nodes, field_docs
from miners.discovery.outside import fields_outside
from miners.discovery.shapes import shape_of, to_json
from miners.discovery.steady import Default, defaults_of
from miners.surface import engine_surface, modules
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.types import UnknownType, parts
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.process.patience import at_most
from pytest_llem_invariants.text.atomic import now

if TYPE_CHECKING:
    from miners.discovery.elsewhere import Elsewhere
    from pytest_llem_invariants.engines.base import EngineAdapter
    from pytest_llem_invariants.ssot import Ssot

SCHEMA_VERSION: Final = "1.1.0"
_SAMPLING: Final = frozenset({"sampling", "generation"})

_SECONDS: Final = 600.0
_MEMORY: Final = 32 * 1024**3
Schema = dict[str, Any]


def discover(adapter: EngineAdapter, elsewhere: Elsewhere | None = None) -> Schema:
    """The schema of an engine by import; docs/reference/schema.md says what is in it."""
    version = adapter.import_library()
    surface = engine_surface(adapter)
    schema = envelope(adapter.ssot, version, "import", commit=commit_of(adapter.ssot.library, adapter.package))
    with at_most(_SECONDS, _MEMORY, f"asking for the defaults of {adapter.ssot.library}"):
        defaults = defaults_of(adapter, None if elsewhere is None else elsewhere.defaults())
    for name, facts in sorted(surface.items()):
        cls = adapter.native_class(name)
        docs = field_docs(class_nodes(cls), getattr(cls, "__pydantic_fields__", {}))
        own = {field: default for (native_type, field), default in defaults.items() if native_type == name}
        add_class(
            schema, facts, namespace_of(adapter.ssot, name), class_description(modules.class_node(cls)), docs, own
        )
    schema["discovery_limitations"] += fields_outside(adapter)
    return schema


def envelope(ssot: Ssot, version: str, method: str, *, commit: str | None = None) -> Schema:
    """An empty schema: no classes yet."""
    return {
        "schema_version": SCHEMA_VERSION,
        "engine": ssot.engine,
        "engine_version": version,
        "engine_commit_sha": commit,
        "image_ref": os.environ.get("LLEM_IMAGE_REF"),
        "base_image_ref": ssot.image_of(version),
        "discovered_at": now(),
        "discovery_method": method,
        "native_types": {},
        "engine_params": {},
        "sampling_params": {},
        "discovery_limitations": [],
    }


def namespace_of(ssot: Ssot, name: str) -> str | None:
    declared = ssot.native_type(name)
    return None if declared is None else declared.namespace


def add_class(
    schema: Schema,
    facts: ClassFacts,
    namespace: str | None,
    description: str | None,
    docs: Mapping[str, FieldDoc],
    defaults: Mapping[str, Default],
) -> None:
    """Add one class with its parameters, and list what could not be read."""
    group = group_of(namespace)
    schema["native_types"][facts.native_type] = {
        "target": facts.target,
        "kind": facts.kind.value,
        "defined_at": f"{facts.path}:{facts.line}",
        "description": description,
        "namespace": namespace,
        "accepts_extra": facts.accepts_extra,
        "group": group,
    }
    public = {name: fact for name, fact in facts.fields.items() if not name.startswith("_")}
    schema[group][facts.native_type] = {
        name: parameter(facts, fact, docs.get(name), defaults.get(name))
        for name, fact in public.items()
        if fact.settable
    }
    schema["discovery_limitations"] += [
        {"native_type": facts.native_type, "field": fact.name, "reason": reason, "detail": detail}
        for _, fact in sorted(public.items())
        for reason, detail in limitations(fact, defaults.get(fact.name))
    ]


def group_of(namespace: str | None) -> str:
    return "sampling_params" if _SAMPLING & set((namespace or "").split(".")) else "engine_params"


def parameter(facts: ClassFacts, fact: FieldFact, doc: FieldDoc | None, default: Default | None) -> dict[str, Any]:
    description = None if doc is None else doc.text or None
    return {
        "type": fact.annotation,
        "shape": shape_of(fact.type),
        "nullable": fact.nullable,
        "required": fact.required,
        "enum": None if fact.literals is None else to_json(fact.literals),
        "bounds": to_json(fact.bounds),
        "description": description,
        "documented_type": None if doc is None else doc.type,
        "documented_default": None if doc is None else doc.default,
        "native_class": facts.target,
        "defined_at": f"{facts.path}:{fact.line or facts.line}",
        "deprecated": deprecation(fact.name, doc),
        "init_only": fact.init_only,
        "alias": fact.alias,
        **({"aliases": list(fact.aliases)} if fact.aliases else {}),
        **default_data(fact, default),
    }


def default_data(fact: FieldFact, default: Default | None) -> dict[str, Any]:
    """The default of a field: from its facts, unless it was evaluated again."""
    if fact.required:
        return {"default_kind": "none"}
    if fact.default is not MISSING and (default is None or not default.because or default.value is not None):
        return {"default_kind": "value", "default": to_json(fact.default)}
    if default is None:
        return {"default_kind": "computed", "default_text": "made when the class is built"}
    return default.as_data()


def limitations(fact: FieldFact, default: Default | None) -> Iterator[tuple[str, str]]:
    if not fact.settable:
        yield "not_settable", "derived by the library; no keyword argument sets it"
        return
    unknown = [one.text for one in parts(fact.type) if isinstance(one, UnknownType)]
    if unknown:
        yield ("unknown_type", " | ".join(unknown)) if any(unknown) else ("untyped", "the source gives no type")
    told = default_data(fact, default)
    if told["default_kind"] == "computed":
        yield "computed_default", "; ".join(told.get("default_because", ())) or told["default_text"]
