"""Compare the library and the checker on random configs in random worlds, and hold the checker to its law.

The law: what is rejected while no fact is given is rejected by the library in every world.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.examples.draws import Drawer
from miners.measure.fuzz import TYPE_CORRECT, ClassFuzz, FuzzReport, said
from miners.process.workers import forked
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.model import EMPTY, ContextField, Kwargs, ObservedException

World = Mapping[str, Any]
Asks = Callable[[str, Kwargs, World], ObservedException | None]
Foresees = Callable[[str, Kwargs, World], bool]

_CONFIGS_A_WORLD: Final = 25
"""To enter a world takes as long as to ask about a config."""
_AS_IT_IS: Final = 0.5
"""How probably a fact is left at its default."""
_SHOWN: Final = 12


@final
@dataclass(frozen=True, slots=True)
class WorldSides:
    """The library and the checker, each asked about a config of a class in a world."""

    raises: Asks
    predicts: Foresees
    no_verdict: Callable[[ObservedException], str | None] = lambda exception: None


@final
@dataclass(frozen=True, slots=True)
class Broken:
    """A config that is rejected while no fact is given, and a world in which the library takes it."""

    native_type: str
    kwargs: Kwargs
    world: World


@final
@dataclass(frozen=True, slots=True)
class WorldReport:
    """How the checker did with the facts of a world given, and whether it kept its law without."""

    given: FuzzReport
    asked_for_law: int
    broken: tuple[Broken, ...]

    def to_text(self) -> str:
        """Both as text."""
        lines = [
            f"in random worlds, their facts given: {self.given.to_text()}",
            f"rejected without facts: {self.asked_for_law} questions, {len(self.broken)} accepted in some world",
            *(f"  {one.native_type}: {said(one.kwargs)} beside {said(one.world)}" for one in self.broken[:_SHOWN]),
        ]
        return "\n".join(lines) + "\n"

    @property
    def is_sound(self) -> bool:
        return not self.broken and not self.given.false_rejections(TYPE_CORRECT)


@final
@dataclass(frozen=True, slots=True)
class Trial:
    """What all processes of one run share."""

    surface: Mapping[str, ClassFacts]
    drawer: Drawer
    sides: WorldSides
    declared: Mapping[str, ContextField]
    worlds: int
    """The number of worlds in which a config is asked about that is rejected without facts."""
    seed: int
    together: Sequence[World] = ()
    """Of facts that hang together, the values that they have at once: these are drawn as a whole."""

    def of(self, name: str, share: int) -> tuple[ClassFuzz, int, tuple[Broken, ...]]:
        """One class, with a random source of its own."""
        source = random.Random(f"{self.seed}/{name}/worlds")
        entry, asked, broken = ClassFuzz(name, TYPE_CORRECT), 0, []
        world: World = EMPTY
        for number in range(share):
            if number % _CONFIGS_A_WORLD == 0:
                world = self._drawn(source, self.declared)
            kwargs = self.drawer.config(source, self.surface[name], wrong_typed=False)
            exception = self.sides.raises(name, kwargs, world)
            if exception is None or self.sides.no_verdict(exception) is None:
                entry.add({**kwargs, **self._told(world)}, exception, self.sides.predicts(name, kwargs, world))
            if self.sides.predicts(name, kwargs, EMPTY):
                asked += self.worlds
                found = self._free_world(source, name, kwargs)
                broken.extend([] if found is None else [Broken(name, kwargs, found)])
        return entry, asked, tuple(broken)

    def _free_world(self, source: random.Random, name: str, kwargs: Kwargs) -> World | None:
        """The first of some worlds in which the library takes a config; what is assumed keeps its default there."""
        unknown = {fact: field for fact, field in self.declared.items() if not field.assumed}
        for _ in range(self.worlds):
            world = self._drawn(source, unknown)
            if self.sides.raises(name, kwargs, world) is None:
                return self._told(world)
        return None

    def _drawn(self, source: random.Random, facts: Mapping[str, ContextField]) -> World:
        """Each of these facts at its default or at another value, the rest at the default."""
        drawn = {name: field.default for name, field in self.declared.items()}
        hang = {name for some in self.together for name in some}
        for name, field in facts.items():
            if name not in hang and source.random() >= _AS_IT_IS and field.values:
                drawn[name] = source.choice(field.values)
        if self.together and source.random() >= _AS_IT_IS:
            drawn.update(source.choice(self.together))
        return drawn

    def _told(self, world: World) -> World:
        return {name: value for name, value in world.items() if value != self.declared[name].default}


def fuzz_worlds(trial: Trial, names: list[str], configs: int, *, workers: int = 1) -> WorldReport:
    """Ask about so many configs, spread evenly over some classes; the same report for any number of `workers`."""
    share = -(-configs // max(len(names), 1))
    with forked(workers) as pool:
        found = tuple(pool.map(lambda name: trial.of(name, share), names))
    return WorldReport(
        FuzzReport(trial.seed, tuple(entry for entry, _, _ in found)),
        sum(asked for _, asked, _ in found),
        tuple(one for _, _, broken in found for one in broken),
    )
