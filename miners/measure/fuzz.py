"""Compare the library and the checker on random configs: missed rejections and false rejections."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from miners.dynamic.rows import message_class
from miners.examples.draws import Drawer, words_of
from miners.ledger.met import Refused
from miners.process.workers import forked
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.values import distinct
from pytest_llem_invariants.language.wording import say_value
from pytest_llem_invariants.model import Kwargs, ObservedException

Raises = Callable[[str, Kwargs], ObservedException | None]
Predicts = Callable[[str, Kwargs], bool]
Accuse = Callable[[str, Kwargs], tuple[str, ...]]

TYPE_CORRECT: Final = "type-correct"
WRONG_TYPED: Final = "wrong-typed"
MODES: Final = (TYPE_CORRECT, WRONG_TYPED)
_OFTEN: Final = 3
_KEPT: Final = 3
_SHOWN: Final = 12


@dataclass(slots=True)
class GuardCount:
    """How often a guard rejected, how often the checker predicted it, and one missed config."""

    met: int = 0
    predicted: int = 0
    place: str | None = None
    missed_example: Kwargs | None = None

    @property
    def missed(self) -> int:
        return self.met - self.predicted


@dataclass(slots=True)
class ClassFuzz:
    """One class in one mode."""

    native_type: str
    mode: str
    configs: int = field(default=0, init=False)
    raised: int = field(default=0, init=False)
    predicted: int = field(default=0, init=False)
    false_rejections: int = field(default=0, init=False)
    false_examples: list[Kwargs] = field(default_factory=list, init=False)
    accused: dict[str, Kwargs] = field(default_factory=dict, init=False)
    """The rules that rejected what the library accepts, each with its first such config."""
    guards: dict[str, GuardCount] = field(default_factory=dict, init=False)
    refused: list[Refused] = field(default_factory=list, init=False)
    """Beside published models: each config that the library rejected."""

    def add(self, kwargs: Kwargs, exception: ObservedException | None, predicted: bool) -> None:
        """Count one config."""
        self.configs += 1
        if exception is None:
            if predicted:
                self.false_rejections += 1
                if len(self.false_examples) < _KEPT:
                    self.false_examples.append(kwargs)
            return
        self.raised += 1
        self.predicted += predicted
        name = message_class(exception, kwargs)
        guard = self.guards.setdefault(name, GuardCount(place=exception.raised_at))
        guard.met += 1
        guard.predicted += predicted
        if not predicted and guard.missed_example is None:
            guard.missed_example = kwargs

    @property
    def recall(self) -> float:
        return self.predicted / self.raised if self.raised else 1.0

    @property
    def misses(self) -> list[tuple[str, GuardCount]]:
        """The guards with misses, most misses first."""
        found = [(name, guard) for name, guard in self.guards.items() if guard.missed]
        return sorted(found, key=lambda item: (-item[1].missed, item[0]))


@dataclass(frozen=True, slots=True)
class FuzzReport:
    """The results of a run of the fuzz, per class and mode."""

    seed: int
    classes: tuple[ClassFuzz, ...]

    def recall(self, mode: str) -> float:
        raised = sum(entry.raised for entry in self.classes if entry.mode == mode)
        predicted = sum(entry.predicted for entry in self.classes if entry.mode == mode)
        return predicted / raised if raised else 1.0

    def false_rejections(self, mode: str) -> int:
        return sum(entry.false_rejections for entry in self.classes if entry.mode == mode)

    def accused(self) -> dict[str, Kwargs]:
        """The rules with a false rejection in any mode, each with such a config."""
        return {rule: kwargs for entry in reversed(self.classes) for rule, kwargs in sorted(entry.accused.items())}

    def guard_recall(self, mode: str) -> tuple[int, int]:
        """Of the guards met at least three times: (predicted every time, all of them)."""
        often = [
            guard
            for entry in self.classes
            if entry.mode == mode
            for guard in entry.guards.values()
            if guard.met >= _OFTEN
        ]
        return sum(guard.missed == 0 for guard in often), len(often)

    def to_json(self) -> str:
        """The report as JSON; the same run gives the same bytes."""
        return json.dumps({"seed": self.seed, "modes": [self._mode(mode) for mode in MODES]}, indent=2) + "\n"

    def _mode(self, mode: str) -> dict[str, Any]:
        always, often = self.guard_recall(mode)
        return {
            "mode": mode,
            "recall": round(self.recall(mode), 5),
            "false_rejections": self.false_rejections(mode),
            "guards_often_met": often,
            "guards_always_predicted": always,
            "classes": [_class_data(entry) for entry in self.classes if entry.mode == mode],
        }

    def to_text(self) -> str:
        """The report as text: totals, classes, then what is missed most."""
        lines: list[str] = []
        for mode in MODES:
            entries = [entry for entry in self.classes if entry.mode == mode]
            if not entries:
                continue
            always, often = self.guard_recall(mode)
            raised = sum(entry.raised for entry in entries)
            configs = sum(entry.configs for entry in entries)
            lines.append(
                f"{mode}: {configs} configs, {raised} rejected by the library, "
                f"recall {self.recall(mode):.2%}, {self.false_rejections(mode)} false rejections, "
                f"{always} of {often} frequent guards always predicted (seed {self.seed})"
            )
            lines.extend(
                f"  {entry.native_type:<44} {entry.recall:>8.2%} of {entry.raised:>6}   false {entry.false_rejections}"
                for entry in sorted(entries, key=lambda entry: (entry.recall, entry.native_type))
            )
            lines.extend(_said_misses(entries))
        return "\n".join(lines) + "\n"


def _said_misses(entries: Iterable[ClassFuzz]) -> list[str]:
    misses = [(guard.missed, entry.native_type, name, guard) for entry in entries for name, guard in entry.misses]
    misses.sort(key=lambda item: (-item[0], item[1], item[2]))
    lines = ["  missed most:"] if misses else []
    for count, native_type, name, guard in misses[:_SHOWN]:
        lines.append(f"    {count:>6} × {native_type} at {guard.place or 'an unknown place'}: {name[:150]}")
        lines.append(f"             e.g. {said(guard.missed_example or {})}")
    false = [(entry.native_type, kwargs) for entry in entries for kwargs in entry.false_examples]
    if false:
        lines.append("  rejected falsely:")
        lines.extend(f"    {native_type}: {said(kwargs)}" for native_type, kwargs in false[:_SHOWN])
    return lines


def said(kwargs: Kwargs) -> str:
    """A config, or a world, in one line."""
    return ", ".join(f"{name}={say_value(value)}" for name, value in kwargs.items())


def _class_data(entry: ClassFuzz) -> dict[str, Any]:
    return {
        "native_type": entry.native_type,
        "configs": entry.configs,
        "raised": entry.raised,
        "recall": round(entry.recall, 5),
        "false_rejections": entry.false_rejections,
        "false_examples": [said(kwargs) for kwargs in entry.false_examples],
        "misses": [
            {
                "message_class": name,
                "guard": guard.place,
                "met": guard.met,
                "missed": guard.missed,
                "example": said(guard.missed_example or {}),
            }
            for name, guard in entry.misses
        ],
    }


@dataclass(frozen=True, slots=True)
class Sides:
    """The library and the checker, each asked about a config of a class."""

    raises: Raises
    predicts: Predicts
    no_verdict: Callable[[ObservedException], str | None] = lambda exception: None
    """Why an exception is the environment's and not the library's answer: such a config is not counted."""
    accuse: Accuse = lambda native_type, kwargs: ()
    """The rules that reject a config; asked where the library accepts it."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Which configs are drawn: so many per mode, spread evenly over the classes."""

    configs: int
    seed: int
    modes: Collection[str] = MODES
    classes: Collection[str] | None = None
    """None: all of them."""
    constants: Collection[Any] = ()
    """What the rules compare with: words and numbers that any field may be given."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """The data that all processes of one run share. Forked processes inherit it, so nothing is sent."""

    surface: Mapping[str, ClassFacts]
    drawer: Drawer
    sides: Sides
    seed: int

    def of(self, mode: str, name: str, share: int) -> ClassFuzz:
        """One class in one mode. It has its own random source, so its configs do not depend on other classes."""
        source = random.Random(f"{self.seed}/{name}/{mode}")
        entry = ClassFuzz(name, mode)
        for _ in range(share):
            kwargs = self.drawer.config(source, self.surface[name], wrong_typed=mode == WRONG_TYPED)
            exception = self.sides.raises(name, kwargs)
            if exception is None or self.sides.no_verdict(exception) is None:
                predicted = self.sides.predicts(name, kwargs)
                entry.add(kwargs, exception, predicted)
                if predicted and exception is None:
                    for rule in self.sides.accuse(name, kwargs):
                        entry.accused.setdefault(rule, kwargs)
        return entry


def drawer_of(surface: Mapping[str, ClassFacts], constants: Collection[Any]) -> Drawer:
    """What draws configs of these classes, with words and numbers that any field may be given."""
    held = distinct(constants)
    words = words_of(surface, (value for value in held if isinstance(value, str)))
    numbers = tuple(sorted(value for value in held if is_number(value) and math.isfinite(value)))
    return Drawer(surface, words, numbers)


def fuzz(surface: Mapping[str, ClassFacts], sides: Sides, draw: Draw, *, workers: int = 1) -> FuzzReport:
    """Compare library and prediction on random configs. The report is the same for any number of `workers`."""
    names = sorted(surface if draw.classes is None else draw.classes)
    share = -(-draw.configs // max(len(names), 1))
    trial = _Trial(surface, drawer_of(surface, draw.constants), sides, draw.seed)
    tasks = [(mode, name, share) for mode in draw.modes for name in names]
    with forked(workers) as pool:
        return FuzzReport(draw.seed, tuple(pool.map(lambda task: trial.of(*task), tasks)))


def exceeds(report: FuzzReport, least_recall: Mapping[str, float], most_false: int = 0) -> tuple[str, ...]:
    """The bounds that a report violates, one sentence each; empty if it is within the recorded bounds."""
    complaints = [
        f"{mode}: recall {report.recall(mode):.2%} is below the recorded {bound:.2%}"
        for mode, bound in least_recall.items()
        if report.recall(mode) < bound
    ]
    false = Counter({mode: report.false_rejections(mode) for mode in MODES})
    complaints.extend(
        f"{mode}: {count} false rejections, at most {most_false} are recorded"
        for mode, count in false.items()
        if count > most_false
    )
    return tuple(complaints)
