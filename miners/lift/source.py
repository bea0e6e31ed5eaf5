"""The lifts of an engine that is not installed: as by import, but with classes rebuilt from source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from miners.candidates.candidate import Candidate
from miners.lift import lift_class
from miners.surface.facts import ClassFacts
from miners.surface.source_classes import Skeletons


def lift_source(skeletons: Skeletons, surface: Mapping[str, ClassFacts]) -> Iterator[Candidate]:
    """The candidates of every class of a surface, in order."""
    classes = {name: skeletons.class_at(facts.target) for name, facts in surface.items()}
    siblings = [cls for cls in classes.values() if cls is not None]
    for name, facts in surface.items():
        cls = classes[name]
        if cls is not None:
            yield from lift_class(cls, facts, siblings=siblings)
