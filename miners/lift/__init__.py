"""The lifts: candidates from the types of a class, without running any of its code."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from miners.candidates.candidate import Candidate
from miners.lift.declared import lift_annotations
from miners.lift.pydantic import lift_pydantic, why_undefined
from miners.surface.facts import ClassFacts, ClassKind

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter

__all__ = ["lift", "lift_class", "lift_declared", "undefined"]


def lift(adapter: EngineAdapter, facts: ClassFacts) -> Iterator[Candidate]:
    """The candidates of one class of an engine."""
    siblings = [adapter.native_class(name) for name in adapter.native_types()]
    return lift_class(adapter.native_class(facts.native_type), facts, siblings=siblings)


def lift_class(cls: type, facts: ClassFacts, *, siblings: Collection[type] = ()) -> Iterator[Candidate]:
    """The candidates of one live class. `siblings` are lifted separately, so their own fields are skipped where they
    nest.
    """
    if facts.kind.coerces:
        return lift_pydantic(cls, facts, siblings)
    return lift_declared(facts)


def undefined(adapter: EngineAdapter) -> Iterator[str]:
    """The classes that cannot be used as the library defines them, one sentence each; they are skipped."""
    for name in adapter.native_types():
        why = why_undefined(adapter.native_class(name))
        if why is not None:
            yield f"{name} is skipped: {why}"


def lift_declared(facts: ClassFacts) -> Iterator[Candidate]:
    """The candidates of a class of which only the facts are known."""
    if facts.kind is ClassKind.PLAIN:
        return iter(())
    return lift_annotations(facts)
