"""Compare the library and the checker on the configs of published models, beside arguments as people write them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.ledger.met import Met, Refused
from miners.measure.fuzz import TYPE_CORRECT, ClassFuzz, FuzzReport, said
from miners.process.workers import forked
from pytest_llem_invariants.model import Kwargs, ObservedException

Asks = Callable[[str, str, Kwargs], ObservedException | None]
"""What the library raises beside a model's folder, on a machine, of these arguments."""
Foresees = Callable[[str, str, Kwargs], bool]
Usual = Mapping[str, Sequence[Any]]
"""Argument → the values that people give it, the usual ones more than once."""

MACHINES: Final = ("H100:8", "A100-40GB:2", "T4:1")
_HOW_MANY: Final = (0, 1, 1, 2, 2, 3, 4, 6)


@final
@dataclass(frozen=True, slots=True)
class ModelSides:
    """The library and the checker, each asked about arguments beside a model on a machine."""

    raises: Asks
    predicts: Foresees
    no_verdict: Callable[[ObservedException], str | None] = lambda exception: None


@final
@dataclass(frozen=True, slots=True)
class ModelTrial:
    """What all processes of one run share."""

    folders: Mapping[str, str]
    """Name of a model → its folder."""
    usual: Usual
    sides: ModelSides
    seed: int
    machines: tuple[str, ...] = MACHINES

    def of(self, name: str, share: int) -> ClassFuzz:
        """One model, with a random source of its own."""
        source = random.Random(f"{self.seed}/{name}/models")
        entry = ClassFuzz(name, TYPE_CORRECT)
        for _ in range(share):
            machine, kwargs = source.choice(self.machines), drawn(source, self.usual)
            exception = self.sides.raises(self.folders[name], machine, kwargs)
            if exception is None or self.sides.no_verdict(exception) is None:
                predicted = self.sides.predicts(self.folders[name], machine, kwargs)
                entry.add({"machine": machine, **kwargs}, exception, predicted)
                if exception is not None:
                    entry.refused.append(Refused(name, machine, exception.raised_at or "", kwargs))
        return entry


def drawn(source: random.Random, usual: Usual) -> dict[str, Any]:
    """None to six arguments at values that people give them."""
    names = source.sample(sorted(usual), min(source.choice(_HOW_MANY), len(usual)))
    return {name: source.choice(usual[name]) for name in names}


def fuzz_models(trial: ModelTrial, configs: int, *, workers: int = 1) -> FuzzReport:
    """Ask about so many configs, spread evenly over the models; the same report for any number of `workers`."""
    names = sorted(trial.folders)
    share = -(-configs // max(len(names), 1))
    with forked(workers) as pool:
        return FuzzReport(trial.seed, tuple(pool.map(lambda name: trial.of(name, share), names)))


def by_guard(report: FuzzReport) -> str:
    """What is missed beside all models together, the guard that is missed most first, each with one example."""
    missed: dict[tuple[str | None, str], list[tuple[int, str, Kwargs]]] = {}
    for entry in report.classes:
        for name, guard in entry.misses:
            example = (guard.missed, entry.native_type, guard.missed_example or {})
            missed.setdefault((guard.place, name), []).append(example)
    lines = []
    for (place, name), found in sorted(missed.items(), key=lambda item: (-sum(n for n, _, _ in item[1]), item[0][1])):
        _, model, kwargs = found[0]
        lines.append(f"  {sum(n for n, _, _ in found):>6} × beside {len(found)} models at {place}: {name[:150]}")
        lines.append(f"           e.g. {model}: {said(kwargs)}")
    return "".join(f"{line}\n" for line in ["missed, by guard:", *lines]) if lines else ""


def refused_in(report: FuzzReport, engine: str, version: str, folder: str) -> Met:
    """What the library refused in a run, as it is kept for `llem-mine ledger --missing`."""
    refused = tuple(one for entry in report.classes for one in entry.refused)
    return Met(engine, version, folder, sum(entry.configs for entry in report.classes), report.seed, refused)
