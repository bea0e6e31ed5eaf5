"""What would make replays faster, by what they took: a verdict for each lever before anybody builds on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, final

from pytest_llem_invariants.runs.digest import RunDigest, Times

GO: Final = "GO"
NO: Final = "NO"
INCONCLUSIVE: Final = "INCONCLUSIVE"
WORTH: Final = 0.1
"""The share of a run's time that a lever has to save."""
_SHOWN: Final = 5

Runs = Sequence[RunDigest]
"""Of one engine, the oldest first."""


@final
@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict on one lever, with the figures that it rests on."""

    lever: str
    verdict: str
    why: str


def shares(times: Times) -> dict[str, float]:
    """The parts of the time of all processes; empty where a digest does not tell."""
    whole = times.whole * times.processes
    if not whole:
        return {}
    parts = {
        "import": times.importing,
        "constructors": times.building,
        "capture": times.observing - times.building,
        "comparing": times.checking - times.observing,
    }
    found = {name: max(0.0, seconds) / whole for name, seconds in parts.items()}
    return {**found, "collecting, reporting, files": max(0.0, 1 - sum(found.values()))}


def reuse_rate(runs: Runs) -> float | None:
    """The share of the rules of a run that the one before had tried in the same place; None without such a pair."""
    rates = [_in_common(before, after) for before, after in pairwise(runs) if _place(before) == _place(after)]
    return median(rates) if rates else None


def _place(run: RunDigest) -> tuple[str, object]:
    return run.version, {key: run.environment.get(key) for key in ("python", "platform", "versions", "kind")}


def _in_common(before: RunDigest, after: RunDigest) -> float:
    if before.corpus_sha256 == after.corpus_sha256:
        return 1.0
    old, new = ({rule for rules in run.rules.values() for rule in rules} for run in (before, after))
    return len(old & new) / len(new) if new else 0.0


def gates(runs: Runs) -> Iterator[Gate]:
    """A verdict for each lever, from the last run whose digest tells what took how long."""
    told = [run for run in runs if shares(run.times)]
    for lever, judge in LEVERS.items():
        if not told:
            yield Gate(lever, INCONCLUSIVE, "no digest tells what took how long: replay once more")
        else:
            yield Gate(lever, *judge(runs, told[-1].times))


def _reuse(runs: Runs, times: Times) -> tuple[str, str]:
    rate = reuse_rate(runs)
    part = shares(times)
    saved = part["import"] + part["constructors"] + part["capture"]
    if rate is None:
        return (
            INCONCLUSIVE,
            f"{saved:.0%} of the time is import, constructors and capture, but no two runs in one place",
        )
    verdict = GO if saved * rate >= WORTH else NO
    return verdict, f"{rate:.0%} of the rules were tried before in the same place, {saved:.0%} of the time would go"


def _isolation(runs: Runs, times: Times) -> tuple[str, str]:
    lost = [sum(one.outcome == "crashed" for one in run.findings) for run in runs]
    if any(lost):
        return GO, f"{sum(map(bool, lost))} of {len(runs)} runs lost rules to a crash, at most {max(lost)}"
    if len(runs) < 2:
        return INCONCLUSIVE, "one run shows no crash: a second one says more"
    return NO, f"no crash in {len(runs)} runs; the slowest rule took {_slowest(times):.3g} s"


def _workers(runs: Runs, times: Times) -> tuple[str, str]:
    """One process more imports the engine beside the others and takes its part of the checks."""
    now = times.checking / times.processes
    then = times.checking / (times.processes + 1)
    saved = (now - then) / times.whole
    slowest = _slowest(times)
    told = f"{now:.3g} s of checks in each of {times.processes} processes, {then:.3g} s with one more: {saved:.0%} less"
    if slowest > then:
        return NO, f"{told}; but the slowest rule alone takes {slowest:.3g} s"
    return (GO if saved >= WORTH else NO), f"{told}; the slowest rule takes {slowest:.3g} s"


def _capture(runs: Runs, times: Times) -> tuple[str, str]:
    share = shares(times)["capture"]
    return (GO if share >= WORTH else NO), f"{share:.0%} of the time is capture beside the library's own code"


LEVERS: Final[Mapping[str, Callable[[Runs, Times], tuple[str, str]]]] = {
    "reuse": _reuse,
    "isolation": _isolation,
    "workers": _workers,
    "capture": _capture,
}


def _slowest(times: Times) -> float:
    return max(times.slowest.values(), default=0.0)


def saving(times: Times) -> tuple[float, float, float] | None:
    """The seconds that were saved by capturing only what is read, and those of one example so, and whole."""
    (wholes, whole), (reads, read) = (times.captures.get(name, (0, 0.0)) for name in ("whole", "read"))
    if not wholes or not reads:
        return None
    each, each_whole = read / reads, whole / wholes
    return reads * (each_whole - each), each, each_whole


def told(runs: Runs) -> Iterator[str]:
    """The report: what rules and classes take, where the time goes, and the verdicts."""
    last = runs[-1]
    times = last.times
    yield f"{last.engine} {last.version}: {len(runs)} runs, the last {times.whole:.3g} s in {times.processes} processes"
    yield f"  a rule  p50 {_ms(times.p50)}  p95 {_ms(times.p95)}  max {_ms(_slowest(times))}"
    heaviest = sorted(times.classes.items(), key=lambda item: (-item[1][4], item[0]))
    for name, (rules, p50, p95, most, whole) in heaviest[:_SHOWN]:
        share = whole / times.checking if times.checking else 0.0
        yield f"  {name}  {rules:.0f} rules  p50 {_ms(p50)}  p95 {_ms(p95)}  max {_ms(most)}  {share:.0%} of the checks"
    for part, share in shares(times).items():
        yield f"  {share:4.0%}  {part}"
    saved = saving(times)
    if saved is not None:
        seconds, each, whole = saved
        how = f"{_ms(each)} an example, {_ms(whole)} for all of it"
        yield f"  capturing what is read alone saved {seconds:.3g} s: {how}"
    rate = reuse_rate(runs)
    yield f"  reuse rate over runs: {'not known' if rate is None else f'{rate:.0%}'}"
    for gate in gates(runs):
        yield f"{gate.lever}: {gate.verdict} — {gate.why}"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"
