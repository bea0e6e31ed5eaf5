"""How many candidates and rules enter and leave each stage of a build and its replay, and why the rest does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from miners.candidates.outcomes import Cause, Reason, Rung
from miners.candidates.staging_files import Fate
from pytest_llem_invariants.model import Corpus, Validated

IN_VAIN: Final = "in vain"
UNTOLD: Final = "not told by an older build"
_KIND_OF: Final[Mapping[Reason, str]] = {
    Reason.REFUTED: "refuted",
    Reason.NO_EXAMPLE: "no example",
    Reason.NOT_TRIED: "deferred",
    Reason.RUN_TIME: "deferred",
    Reason.OPAQUE: "opaque",
}
"""What is said of a reason: deferred is what another place or a running engine would settle."""
_SHOWN: Final = 8


@final
@dataclass(frozen=True, slots=True)
class Stage:
    """What entered a stage, what left it, and why the rest did not, by how often."""

    name: str
    entered: int
    left: int
    why: Mapping[str, int]


def funnel(fates: Iterable[Fate], corpus: Corpus, validated: Validated | None) -> Iterator[Stage]:
    """The stages in their order."""
    fates = tuple(fates)
    producers = Counter(str(fate.producer) for fate in fates)
    yield Stage("read and lift", len(fates), len(fates), producers)
    seen = [fate for fate in fates if fate.confirmed is not None]
    confirmed = sum(fate.confirmed is True for fate in seen)
    yield Stage("gate", len(fates), confirmed, _lost(fates))
    again = Counter({"another candidate says the same, or more": max(0, confirmed - len(corpus.rules))})
    yield Stage("merge", confirmed, len(corpus.rules), +again)
    if validated is None:
        return
    cases = {case.id: case for case in validated.cases}
    replayed = [cases[rule.id] for rule in corpus.rules if rule.id in cases]
    fallen: Counter[str] = Counter({"never replayed": len(corpus.rules) - len(replayed)})
    for case in replayed:
        if case.skipped_reason is not None:
            fallen[f"skipped: {case.skipped_reason}"] += 1
        elif not case.confirmed:
            fallen["contradicted"] += 1
    yield Stage("replay", len(corpus.rules), sum(case.confirmed for case in replayed), +fallen)


def _lost(fates: Iterable[Fate]) -> Counter[str]:
    found: Counter[str] = Counter()
    for fate in fates:
        if fate.confirmed is None:
            found["deferred: no gate has seen it"] += 1
        elif not fate.confirmed:
            cause = Cause.__members__.get(fate.cause or "")
            found[UNTOLD if cause is None else f"{_kind(cause)}: {_words(cause)}"] += 1
    return found


def _kind(cause: Cause) -> str:
    return _KIND_OF.get(cause.reason, str(cause.reason))


def _words(cause: Cause) -> str:
    return cause.words or cause.name.lower().replace("_", " ")


@final
@dataclass(frozen=True, slots=True)
class Paid:
    """What a rung of the example cascade gave, and what it cost; of no rung: what was asked in vain."""

    rung: str
    rules: int
    asked: int


def paid(fates: Iterable[Fate]) -> tuple[Paid, ...]:
    """The rungs by what they cost, the dearest first; nothing of an older build."""
    rules: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for fate in fates:
        rung = Rung.__members__.get(fate.rung or "")
        if rung is not None or fate.asked:
            name = IN_VAIN if rung is None else str(rung)
            rules[name] += rung is not None
            asked[name] += fate.asked
    return tuple(
        Paid(name, rules[name], cost) for name, cost in sorted(asked.items(), key=lambda item: (-item[1], item[0]))
    )


def told(stages: Iterable[Stage], rungs: Iterable[Paid] = ()) -> Iterator[str]:
    """The report; after it, where most is thrown away, and which rungs paid."""
    stages = tuple(stages)
    for stage in stages:
        yield f"{stage.name}: {stage.entered:,} entered, {stage.left:,} left"
        ordered = sorted(stage.why.items(), key=lambda item: (-item[1], item[0]))
        for why, count in ordered[:_SHOWN]:
            yield f"  {count:7,d}  {why}"
        if len(ordered) > _SHOWN:
            yield f"  {sum(count for _, count in ordered[_SHOWN:]):7,d}  {len(ordered) - _SHOWN} other reasons"
    lossy = max(stages, key=lambda stage: stage.entered - stage.left)
    if lossy.entered > lossy.left:
        yield f"most is lost at {lossy.name}: {1 - lossy.left / lossy.entered:.0%} of what enters"
    for one in rungs:
        each = f", {one.asked / one.rules:.1f} a rule" if one.rules else ""
        gave = f"{one.rules:,} examples for " if one.rules else ""
        yield f"{one.rung}: {gave}{one.asked:,} questions{each}"
