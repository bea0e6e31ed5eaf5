"""Compare the library and the checker on random configs in random worlds, and hold the checker to its law.

The law: what is rejected while no fact is given is rejected by the library in every world.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from miners.examples.draws import Drawer
from miners.measure.fuzz import TYPE_CORRECT, ClassFuzz, FuzzReport, said
from miners.measure.world_draws import World, WorldDrawer
from miners.process.workers import forked
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.model import EMPTY, Kwargs, ObservedException

Asks = Callable[[str, Kwargs, World], ObservedException | None]
Foresees = Callable[[str, Kwargs, World], bool]

_CONFIGS_A_WORLD: Final = 25
"""To enter a world takes as long as to ask about a config."""
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
class Law:
    """How many configs were rejected without facts, how often the library answered about them, and what it took."""

    configs: int = 0
    asked: int = 0
    broken: tuple[Broken, ...] = ()

    def and_also(self, other: Law) -> Law:
        return Law(self.configs + other.configs, self.asked + other.asked, (*self.broken, *other.broken))


@final
@dataclass(frozen=True, slots=True)
class WorldReport:
    """How the checker did with the facts of a world given, and whether it kept its law without."""

    given: FuzzReport
    law: Law
    worlds: int

    def to_text(self) -> str:
        """Both as text."""
        lines = [
            f"in random worlds, their facts given: {self.given.to_text()}",
            f"rejected without facts: {self.law.configs} configs, each tried in {self.worlds} worlds, "
            f"{self.law.asked} answers, {len(self.law.broken)} accepted in some world",
            *(f"  {one.native_type}: {said(one.kwargs)} beside {said(one.world)}" for one in self.law.broken[:_SHOWN]),
        ]
        return "\n".join(lines) + "\n"

    @property
    def is_sound(self) -> bool:
        return not self.law.broken and not self.given.false_rejections(TYPE_CORRECT)


@final
@dataclass(frozen=True, slots=True)
class Trial:
    """What all processes of one run share."""

    surface: Mapping[str, ClassFacts]
    drawer: Drawer
    sides: WorldSides
    every: WorldDrawer
    worlds: int
    """The number of worlds in which a config is asked about that is rejected without facts."""
    seed: int

    def of(self, name: str, share: int) -> tuple[ClassFuzz, Law]:
        """One class, with a random source of its own."""
        source = random.Random(f"{self.seed}/{name}/worlds")
        entry, law = ClassFuzz(name, TYPE_CORRECT), Law()
        for begin in range(0, share, _CONFIGS_A_WORLD):
            world = self.every.drawn(source)
            rejected = []
            for _ in range(min(_CONFIGS_A_WORLD, share - begin)):
                kwargs = self.drawer.config(source, self.surface[name], wrong_typed=False)
                exception = self.sides.raises(name, kwargs, world)
                if self._is_answer(exception):
                    entry.add({**kwargs, **self.every.told(world)}, exception, self.sides.predicts(name, kwargs, world))
                if self.sides.predicts(name, kwargs, EMPTY):
                    rejected.append(kwargs)
            law = law.and_also(self._tried(source, name, rejected))
        return entry, law

    def _tried(self, source: random.Random, name: str, rejected: Sequence[Kwargs]) -> Law:
        """Ask about configs in some worlds, each up to the first that takes it; what is assumed keeps its default.

        To enter a world takes longer than to ask, so all are asked about in one before the next is entered.
        """
        waiting, asked, broken = list(rejected), 0, []
        for _ in range(self.worlds if rejected else 0):
            world, held = self.every.drawn(source, unknown_only=True), waiting
            waiting = []
            for kwargs in held:
                exception = self.sides.raises(name, kwargs, world)
                asked += self._is_answer(exception)
                if exception is None:
                    broken.append(Broken(name, kwargs, self.every.told(world)))
                else:
                    waiting.append(kwargs)
        return Law(len(rejected), asked, tuple(broken))

    def _is_answer(self, exception: ObservedException | None) -> bool:
        return exception is None or self.sides.no_verdict(exception) is None


def fuzz_worlds(trial: Trial, names: list[str], configs: int, *, workers: int = 1) -> WorldReport:
    """Ask about so many configs, spread evenly over some classes; the same report for any number of `workers`."""
    share = -(-configs // max(len(names), 1))
    with forked(workers) as pool:
        found = tuple(pool.map(lambda name: trial.of(name, share), names))
    law = Law()
    for _, of_class in found:
        law = law.and_also(of_class)
    return WorldReport(FuzzReport(trial.seed, tuple(entry for entry, _ in found)), law, trial.worlds)
