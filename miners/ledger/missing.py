"""What is still missing of a ledger's statements: those that published models come by most first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.candidates.outcomes import Reason
from miners.ledger.entries import WITHIN_REACH, Entry, Ledger
from miners.ledger.met import Counts, Met
from pytest_llem_invariants.language.wording import say_value

_OPEN: Final = WITHIN_REACH | {Reason.RUN_TIME}
"""Statements without a rule for another reason are no debt: nothing is missing there."""
_NOT_READ: Final = "not a statement that was read: it is outside of what a config's class runs, or of the library"


@final
@dataclass(frozen=True, slots=True)
class Way:
    """One statement for which a rule is missing, or does not tell all that comes by it."""

    at: str
    entry: Entry | None
    """None of a statement that the ledger does not have."""
    counts: Counts

    @property
    def missing(self) -> str:
        """What is missing, in words."""
        if self.entry is None:
            return _NOT_READ
        if self.entry.covered:
            return f"{len(self.entry.rules)} rules are there, and do not tell all: {', '.join(self.entry.rules[:3])}"
        return f"{self.entry.reason}: {self.entry.detail or 'nothing more is known'}"


def ways(ledger: Ledger, counts: Mapping[str, Counts]) -> list[Way]:
    """What is missed by most configs first, then by most models; of what nobody came by, what is in reach first."""
    entries = {entry.place: entry for entry in ledger.entries}
    found = [
        Way(at, entries.get(at), counts.get(at, Counts()))
        for at in (*entries, *(at for at in counts if at not in entries))
    ]
    return sorted(filter(_is_open, found), key=_rank)


def _is_open(way: Way) -> bool:
    if way.counts.missed:
        return True
    return way.entry is not None and not way.entry.covered and way.entry.reason in _OPEN


def _rank(way: Way) -> tuple[Any, ...]:
    path, _, line = way.at.rpartition(":")
    in_reach = way.entry is not None and way.entry.reachable
    return (-way.counts.missed, -way.counts.models, -way.counts.met, not in_reach, path, int(line or 0))


def show_missing(ledger: Ledger, found: Sequence[Way], met: Met | None, *, every: bool) -> str:
    """A block for each statement that published models come by, or for `every` one, after a sentence with the sums."""
    come_by = [way for way in found if way.counts.missed]
    shown = found if every else come_by
    parts = [_headline(ledger, found, met), *("\n".join(_block(way)) for way in shown)]
    if not every and len(found) > len(come_by):
        parts.append(_others(found[len(come_by) :]))
    return "\n\n".join(parts)


def _headline(ledger: Ledger, found: Sequence[Way], met: Met | None) -> str:
    name = f"{ledger.engine} {ledger.engine_version}"
    if met is None:
        return f"{name}: {len(found)} statements lack a rule; what published models come by was not measured"
    missed = sum(way.counts.missed for way in found)
    models = len({one.model for one in met.refused})
    return (
        f"{name}: {len(found)} statements lack a rule, or have none for all that comes by them. Of {met.asked} configs "
        f"beside the models in {met.models} the library refuses {len(met.refused)} ({models} models); {missed} of "
        "these are not told."
    )


def _block(way: Way) -> Iterator[str]:
    counts, entry = way.counts, way.entry
    what = "" if entry is None else f"  {entry.kind} in {entry.method}"
    yield f"{way.at or 'outside of the library'}{what}"
    if counts.met:
        yield f"  met        {counts.met} times, {counts.missed} not told, beside {counts.models} models"
    if entry is not None and entry.facts:
        yield f"  needs      {', '.join(entry.facts)}"
    if entry is not None and not entry.covered:
        yield f"  tried in   {'; '.join(entry.worlds) or 'no world: no example was looked for'}"
    yield f"  missing    {way.missing}"
    if counts.example is not None:
        one = counts.example
        given = ", ".join(f"{name}={say_value(value)}" for name, value in one.kwargs.items()) or "no argument"
        yield f"  e.g.       {one.model} on {one.machine}: {given}"


def _others(others: Iterable[Way]) -> str:
    reasons = Counter(str(way.entry.reason) for way in others if way.entry is not None)
    said = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    return f"and {reasons.total()} that none of these models comes by ({said}); --all lists them"


def missing_data(ledger: Ledger, found: Iterable[Way], met: Met | None) -> str:
    """The same as JSON, each statement."""
    head: dict[str, Any] = {"engine": ledger.engine, "engine_version": ledger.engine_version}
    if met is not None:
        head |= {"asked": met.asked, "refused": len(met.refused), "seed": met.seed}
    return json.dumps({**head, "statements": [_data(way) for way in found]}, indent=2, ensure_ascii=False)


def _data(way: Way) -> dict[str, Any]:
    counts, entry = way.counts, way.entry
    data: dict[str, Any] = {"at": way.at, "met": counts.met, "missed": counts.missed, "models": counts.models}
    if entry is not None:
        data |= {"method": entry.method, "kind": entry.kind, "facts": list(entry.facts), "worlds": list(entry.worlds)}
        data |= {"rules": list(entry.rules), "reason": None if entry.reason is None else entry.reason.value}
    data["missing"] = way.missing
    if counts.example is not None:
        one = counts.example
        data["example"] = {"model": one.model, "machine": one.machine, "kwargs": dict(one.kwargs)}
    return data
