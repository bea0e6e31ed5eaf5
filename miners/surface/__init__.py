"""The surface of an engine: its classes with their fields, types and defaults, by import or from source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from miners.surface.borrowed import with_borrowed_words
from miners.surface.facts import ClassFacts
from miners.surface.imported import class_facts
from miners.surface.nested import with_nested_examples
from pytest_llem_invariants.process.patience import at_most

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter

_SECONDS: Final = 600.0
_MEMORY: Final = 32 * 1024**3

__all__ = ["class_facts", "engine_surface"]


def engine_surface(adapter: EngineAdapter) -> Mapping[str, ClassFacts]:
    """The facts of every class on the engine's allowlist, by native type name."""
    declared = adapter.ssot.native_types
    with at_most(_SECONDS, _MEMORY, f"reading the classes of {adapter.ssot.library}"):
        surface = {
            name: class_facts(
                adapter.native_class(name),
                name,
                base_kwargs=declared[name].base_kwargs if name in declared else {},
                whole=declared[name].examples if name in declared else {},
            )
            for name in adapter.native_types()
        }
    return with_borrowed_words(with_nested_examples(surface))
