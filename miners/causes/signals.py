"""What runs show beside their divergences: a table of pure functions from digests to signals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, final

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.runs.digest import RunDigest

PROBLEM: Final = "problem"
SUCCESS: Final = "success"


@final
@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is worth a signal."""

    recurring: int = 5
    """Findings with one error in a run."""
    repeated: int = 2
    """Runs in a row in which a rule met one error."""
    storm: int = 3
    """Runs in a row with the same findings of the same corpus on the same version."""
    slow: float = 10.0
    """Times the p90 of the corpus."""
    noticeable: float = 0.1
    """Seconds that a slow rule takes at least."""
    hammered: float = 0.5
    """Share of the findings in one class."""
    setup: float = 0.5
    """Share of the time before the first check."""
    long: float = 30.0
    """Seconds that the set-up takes at least."""

    def with_given(self, words: Sequence[str]) -> Thresholds:
        """With values as `name=number`; LlemError where there is no such threshold, or no number."""
        known = {one.name: type(getattr(self, one.name)) for one in fields(self)}
        given: dict[str, Any] = {}
        for word in words:
            name, _, text = word.partition("=")
            if name not in known:
                raise LlemError(f"unknown threshold {name!r} — known are {', '.join(known)}")
            try:
                given[name] = known[name](text)
            except ValueError:
                raise LlemError(f"the threshold {name} is a number, not {text!r} — write {name}=3") from None
        return replace(self, **given)


@final
@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that runs show."""

    type: str
    polarity: str
    locus: str
    """The rule, class, error or run that it is about."""
    magnitude: float
    detail: str

    def as_data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("type", "polarity", "locus", "magnitude", "detail")}


Runs = Sequence[RunDigest]
"""Of one engine, the oldest first."""


def signals(runs: Runs, thresholds: Thresholds) -> Iterator[Signal]:
    """All signals, type by type."""
    for extract in EXTRACTORS.values():
        yield from extract(runs, thresholds)


def _recurring(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    for error, seen in sorted(runs[-1].errors.items(), key=lambda item: (-item[1].count, item[0])):
        if seen.type is not None and seen.count >= limits.recurring:
            yield Signal("recurring_error", PROBLEM, error, seen.count, seen.sample)


def _repeated(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    """A rule that met the same error in the last runs."""
    last = _in_a_row(runs, limits.repeated)
    if last:
        for rule, error in sorted(set.intersection(*map(_met, last))):
            seen = runs[-1].errors[error]
            yield Signal("repeated_error", PROBLEM, rule, len(last), seen.sample)


def _storm(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    """The same corpus was replayed on the same version again and again, and nothing changed."""
    last = _in_a_row(runs, limits.storm)
    if last and _met(last[0]) and len({(one.version, one.corpus_sha256, frozenset(_met(one))) for one in last}) == 1:
        detail = f"{len(last)} runs in a row found the same: another will, too"
        yield Signal("retry_storm", PROBLEM, runs[-1].corpus, len(last), detail)


def _recovered(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    if len(runs) > 1:
        before, now = runs[-2], runs[-1]
        well = {rule for rules in now.rules.values() for rule, ended in rules.items() if ended == "confirmed"}
        for rule in sorted({one.rule for one in before.divergences} & well):
            yield Signal("recovered", SUCCESS, rule, 1, f"contradicted by {before.version}, confirmed by {now.version}")


def _slow(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    times = runs[-1].times
    for rule, seconds in sorted(times.slowest.items(), key=lambda item: (-item[1], item[0])):
        if seconds >= max(limits.noticeable, limits.slow * times.p90):
            yield Signal(
                "slow_rule", PROBLEM, rule, seconds, f"{seconds:.3g} s; nine of ten take under {times.p90:.3g} s"
            )


def _abandoned(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    run = runs[-1]
    if run.unrun:
        yield Signal("abandoned_run", PROBLEM, run.corpus, run.unrun, f"{run.unrun} rules did not run")


def _clean(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    run = runs[-1]
    count = sum(map(len, run.rules.values()))
    if count and not run.findings and not run.unrun:
        yield Signal("clean_pass", SUCCESS, run.corpus, count, f"{count} rules, all confirmed")


def _hammered(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    run = runs[-1]
    by_class = Counter(run.facts[one.rule].native_type for one in run.divergences)
    for name, count in by_class.most_common(1):
        if len(by_class) > 1 and count >= limits.hammered * by_class.total():
            yield Signal("one_class", PROBLEM, name, count, f"{count} of {by_class.total()} divergences are of {name}")


def _setup(runs: Runs, limits: Thresholds) -> Iterator[Signal]:
    times = runs[-1].times
    if times.before_first >= max(limits.long, limits.setup * times.whole):
        detail = f"{times.before_first:.0f} of {times.whole:.0f} s passed before the first check"
        yield Signal("setup_overhead", PROBLEM, runs[-1].corpus, times.before_first, detail)


EXTRACTORS: Final[Mapping[str, Callable[[Runs, Thresholds], Iterator[Signal]]]] = {
    "recurring_error": _recurring,
    "repeated_error": _repeated,
    "retry_storm": _storm,
    "recovered": _recovered,
    "slow_rule": _slow,
    "abandoned_run": _abandoned,
    "clean_pass": _clean,
    "one_class": _hammered,
    "setup_overhead": _setup,
}


def _met(run: RunDigest) -> set[tuple[str, str]]:
    """The rules of a run with the errors that they met."""
    return {(one.rule, one.error) for one in run.divergences}


def _in_a_row(runs: Runs, count: int) -> Runs:
    """The last runs; none where there are too few."""
    return runs[-count:] if 0 < count <= len(runs) else ()
