"""Draw worlds whose facts about a model are as one config.json gives them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from pytest_llem_invariants.model import ContextField

World = Mapping[str, Any]
_AS_IT_IS: Final = 0.5
"""How probably a fact is left at its default."""


@final
@dataclass(frozen=True, slots=True)
class WorldDrawer:
    """Every fact at its default or at another of its values, as far as these go together."""

    declared: Mapping[str, ContextField]
    together: Sequence[World] = ()
    """Of facts that hang together, the values that they have at once: these are drawn as a whole."""
    goes_with: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    """Fact → the others without one of whose values it has its default: blocks are of a model that is quantised so."""
    comes_with: Mapping[str, Mapping[str, World]] = field(default_factory=dict)
    """Fact → value, as text → others, each with the values of which it then has one: such a model always has blocks."""

    def drawn(self, source: random.Random, *, unknown_only: bool = False) -> World:
        """A random world; with `unknown_only`, what is assumed where nothing is said keeps its default."""
        world = {name: fact.default for name, fact in self.declared.items()}
        hang = {name for some in self.together for name in some}
        for name, fact in self.declared.items():
            is_open = name not in hang and not (unknown_only and fact.assumed)
            if is_open and source.random() >= _AS_IT_IS and fact.values:
                world[name] = source.choice(fact.values)
        if self.together and source.random() >= _AS_IT_IS:
            world.update(source.choice(self.together))
        world.update((name, self.declared[name].default) for name in self._alone(world))
        for name, others in self.comes_with.items():
            for other, values in others.get(str(world[name]), {}).items():
                if world[other] not in values:
                    world[other] = source.choice(values)
        return world

    def told(self, world: World) -> World:
        """What of a world is not at its default."""
        return {name: value for name, value in world.items() if value != self.declared[name].default}

    def _alone(self, world: World) -> tuple[str, ...]:
        """The facts without what they go with."""
        return tuple(
            name
            for name, others in self.goes_with.items()
            if any(world.get(other) not in values for other, values in others.items())
        )
