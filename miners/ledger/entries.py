"""The entries of a ledger, and the figures computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, final

from miners.candidates.outcomes import Reason, Why

WITHIN_REACH: Final = frozenset({Reason.OPAQUE, Reason.REFUTED, Reason.NO_EXAMPLE, Reason.NOT_TRIED})
"""The reasons that leave open whether keyword arguments alone can cause the effect: a debt, not an excuse."""


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """One statement with an effect."""

    path: str
    line: int
    method: str
    kind: str
    """The kind of its effect, in the words of the detectors: raise, assert, warnings_warn, …"""
    native_types: tuple[str, ...]
    """The classes whose configs reach it."""
    rules: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str = ""
    shapes: tuple[str, ...] = ()
    """The kinds of opaque guards, if that is the reason."""
    facts: tuple[str, ...] = ()
    """The facts about a world that its condition names, as far as it was read."""
    worlds: tuple[str, ...] = ()
    """Without a rule: the worlds in which an example was looked for, each as the facts that it has."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def owner(self) -> str:
        """The class that contains it; for a module-level function, the function."""
        return self.method.rpartition(".")[0] or self.method

    @property
    def covered(self) -> bool:
        return bool(self.rules)

    @property
    def reachable(self) -> bool:
        return self.covered or self.reason in WITHIN_REACH


@final
@dataclass(frozen=True, slots=True)
class Figures:
    """How many of some effects are covered."""

    effects: int
    reachable: int
    covered: int
    opaque: int

    @property
    def covered_share(self) -> float:
        """The share among the effects that keyword arguments can reach."""
        return self.covered / self.reachable if self.reachable else 1.0

    @property
    def opaque_share(self) -> float:
        """The share among all effects."""
        return self.opaque / self.effects if self.effects else 0.0


def figures(entries: Iterable[Entry]) -> Figures:
    entries = tuple(entries)
    return Figures(
        effects=len(entries),
        reachable=sum(entry.reachable for entry in entries),
        covered=sum(entry.covered for entry in entries),
        opaque=sum(entry.reason is Reason.OPAQUE for entry in entries),
    )


def _without(entry: Entry, refuted: Mapping[str, Why]) -> Entry:
    kept = tuple(name for name in entry.rules if name not in refuted)
    if kept or not entry.rules:
        return replace(entry, rules=kept)
    why = refuted[entry.rules[0]]
    return replace(entry, rules=(), reason=why.cause.reason, detail=why.sentence)


@final
@dataclass(frozen=True)
class Ledger:
    """The effects of an engine's surface, by place."""

    engine: str
    engine_version: str
    entries: tuple[Entry, ...]

    @cached_property
    def figures(self) -> Figures:
        return figures(self.entries)

    @cached_property
    def by_owner(self) -> Mapping[str, tuple[Entry, ...]]:
        """The entries of each class, the class with most effects first."""
        grouped: dict[str, list[Entry]] = {}
        for entry in self.entries:
            grouped.setdefault(entry.owner, []).append(entry)
        return {
            name: tuple(found) for name, found in sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))
        }

    @cached_property
    def by_reason(self) -> Mapping[Reason, tuple[Entry, ...]]:
        """The entries without a rule, by reason."""
        found = {reason: tuple(entry for entry in self.entries if entry.reason is reason) for reason in Reason}
        return {reason: entries for reason, entries in found.items() if entries}

    @cached_property
    def by_shape(self) -> Mapping[str, tuple[Entry, ...]]:
        """The opaque entries by kind of guard, the most frequent kind first."""
        grouped: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for shape in entry.shapes:
                grouped.setdefault(shape, []).append(entry)
        return {
            name: tuple(found) for name, found in sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))
        }

    def without(self, refuted: Mapping[str, Why]) -> Ledger:
        """The ledger after some rules were removed from the corpus, each with the cause that refuted it."""
        return Ledger(self.engine, self.engine_version, tuple(_without(entry, refuted) for entry in self.entries))

    def of_class(self, name: str) -> Ledger:
        """The effects that configs of one class reach, by its native type or the last part of that."""
        kept = (
            entry
            for entry in self.entries
            if entry.owner == name or any(name in (one, one.rpartition(".")[2]) for one in entry.native_types)
        )
        return Ledger(self.engine, self.engine_version, tuple(kept))
