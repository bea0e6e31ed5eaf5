"""The schema of a library that is read, not imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miners.discovery.docs import class_description, field_docs
from miners.discovery.steady import Default
from miners.discovery.walk import Schema, add_class, envelope, namespace_of
from miners.surface.source import source_surface
from miners.surface.source_classes import Skeletons
from miners.surface.source_version import source_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytest_llem_invariants.ssot import Ssot


_LOSS: Final = (
    "classes of other packages are known by their names alone, and no default was asked a second time: "
    "one that depends on the machine may stand as a value"
)


def discover_from_source(ssot: Ssot, skeletons: Skeletons) -> Schema:
    """The schema of an engine that is not installed."""
    schema = envelope(ssot, source_version(skeletons), "source")
    for name, facts in source_surface(skeletons, ssot).items():
        source = skeletons.source_of(facts.target)
        nodes = () if source is None else tuple(owner.node for owner in skeletons.reader.mro(source))
        cls = skeletons.class_at(facts.target)
        docs = field_docs(nodes, getattr(cls, "__pydantic_fields__", {}))
        description = class_description(nodes[0] if nodes else None)
        add_class(schema, facts, namespace_of(ssot, name), description, docs, dict(_made_objects(cls)))
    schema["discovery_limitations"] += [
        {"native_type": target, "field": "*", "reason": "source_only", "detail": f"its types cannot be built: {why}"}
        for target, why in sorted(skeletons.failed.items())
    ]
    schema["discovery_limitations"].append({"native_type": "*", "field": "*", "reason": "source_only", "detail": _LOSS})
    return schema


def _made_objects(cls: type | None) -> Iterator[tuple[str, Default]]:
    """The fields whose default is an object of another class of the tree."""
    declared = {**getattr(cls, "__dataclass_fields__", {}), **getattr(cls, "__pydantic_fields__", {})}
    for name, field in declared.items():
        product = getattr(field.default_factory, "product", None)
        if product is not None:
            yield name, Default("object", None, product)
