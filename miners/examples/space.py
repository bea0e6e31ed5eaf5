"""The search space for the examples of a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, final

from miners.examples.choices import Choices
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface
from pytest_llem_invariants.model import EMPTY, ContextField


@final
class SearchSpace:
    """A class, the classes and context fields around it, and the values to try, which all searches share."""

    def __init__(
        self, facts: ClassFacts, surface: Surface = EMPTY, context: Mapping[str, ContextField] = EMPTY
    ) -> None:
        self.facts: Final = facts
        self.surface: Final = surface
        self.context: Final = context
        self.choices: Final = Choices(facts, surface)
