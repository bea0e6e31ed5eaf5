"""Turns what a run saw into its digest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

from pytest_llem_invariants.model import Check, Observation, ObservedException, Rule
from pytest_llem_invariants.plugin.evidence import CheckResult, Evidence, Spent
from pytest_llem_invariants.runs.digest import Finding, RuleFacts, RunDigest, Seen, Times
from pytest_llem_invariants.runs.fingerprint import fingerprint

if TYPE_CHECKING:
    from pytest_llem_invariants.model import ContextField, Environment
    from pytest_llem_invariants.plugin.folding import Run

_CRASHED: Final = "crashed"
_SLOWEST: Final = 20


@final
@dataclass(slots=True)
class Clock:
    """The times of a run, noted as its reports arrive."""

    began: float = field(default_factory=time.perf_counter)
    first: float | None = None
    rules: dict[str, float] = field(default_factory=dict)
    spent: list[Spent] = field(default_factory=list)

    def note(self, evidence: Evidence, seconds: float) -> None:
        if self.first is None:
            self.first = time.perf_counter() - seconds
        self.rules[evidence.rule] = self.rules.get(evidence.rule, 0.0) + seconds
        if evidence.spent is not None:
            self.spent.append(evidence.spent)

    def times(self, moment: str, class_of: Mapping[str, str]) -> Times:
        now = time.perf_counter()
        ordered = sorted(self.rules.items(), key=lambda item: (-item[1], item[0]))
        return Times(
            began=moment,
            whole=round(now - self.began, 3),
            before_first=round((now if self.first is None else self.first) - self.began, 3),
            p50=_quantile(ordered, 0.5),
            p90=_quantile(ordered, 0.1),
            p95=_quantile(ordered, 0.05),
            classes=_by_class(ordered, class_of),
            processes=sum(one.importing > 0 for one in self.spent),
            importing=round(sum(one.importing for one in self.spent), 3),
            building=round(sum(one.building for one in self.spent), 3),
            observing=round(sum(one.observing for one in self.spent), 3),
            checking=round(sum(self.rules.values()), 3),
            captures={
                "whole": [sum(one.wholes for one in self.spent), round(sum(one.whole for one in self.spent), 6)],
                "read": [sum(one.reads for one in self.spent), round(sum(one.read for one in self.spent), 6)],
            },
            slowest={rule: round(seconds, 6) for rule, seconds in ordered[:_SLOWEST]},
        )


def _by_class(ordered: list[tuple[str, float]], class_of: Mapping[str, str]) -> dict[str, list[float]]:
    """Class → how many of its rules ran, their p50, p95 and max, and all their seconds together."""
    of_class: dict[str, list[tuple[str, float]]] = {}
    for rule, seconds in ordered:
        of_class.setdefault(class_of[rule], []).append((rule, seconds))
    return {
        name: [
            len(times),
            _quantile(times, 0.5),
            _quantile(times, 0.05),
            round(times[0][1], 6),
            round(sum(seconds for _, seconds in times), 6),
        ]
        for name, times in sorted(of_class.items())
    }


def _quantile(ordered: list[tuple[str, float]], share: float) -> float:
    """The time that this share of the rules takes longer than."""
    return round(ordered[int(len(ordered) * share)][1], 6) if ordered else 0.0


def digest_of(run: Run, clock: Clock, declared: Mapping[str, ContextField], path: str) -> RunDigest:
    """The digest of a run, in the order of the corpus."""
    findings: list[Finding] = []
    facts: dict[str, RuleFacts] = {}
    seen: dict[str, tuple[Seen, int]] = {}
    outcomes: dict[str, dict[str, Mapping[str, str] | str]] = {}
    for rule in run.corpus.rules:
        found = run.evidence.get(rule.id, {})
        if rule.id not in run.crashed and not found:
            continue
        ended = _CRASHED if rule.id in run.crashed else _ended(rule, found)
        outcomes.setdefault(rule.native_type, {})[rule.id] = ended
        names = frozenset(rule.match.fields) | rule.kwargs_positive.keys()
        for finding, sample, exception in _findings(rule, run, found):
            error = fingerprint(sample, names)
            count = seen[error][1] + 1 if error in seen else 1
            first = seen[error][0] if error in seen else _seen(sample, exception)
            seen[error] = first, count
            findings.append(Finding(error=error, **finding))
            facts.setdefault(rule.id, _facts(rule, declared))
    return RunDigest(
        engine=run.corpus.engine,
        version=run.version,
        corpus_version=run.corpus.engine_version,
        corpus_sha256=run.corpus_sha256,
        corpus=path,
        environment=_environment(run.environment),
        worlds=dict(sorted(Counter(_world(rule) for rule in run.corpus.rules if rule.id in run.evidence).items())),
        rules=outcomes,
        unrun=sum(rule.id not in run.evidence and rule.id not in run.crashed for rule in run.corpus.rules),
        findings=tuple(findings),
        facts=facts,
        errors={
            error: Seen(one.sample, one.type, one.raised_at, count) for error, (one, count) in sorted(seen.items())
        },
        times=clock.times(run.moment, {rule.id: rule.native_type for rule in run.corpus.rules}),
    )


_Found = tuple[dict[str, Any], str, ObservedException | None]


def _findings(rule: Rule, run: Run, found: Mapping[Check, Evidence]) -> Iterator[_Found]:
    """What did not hold, what was seen instead, and the exception if there was one."""
    if rule.id in run.crashed:
        yield _finding(rule, "", _CRASHED, None, ""), run.crashed[rule.id], None
        return
    first = found.get(Check.POSITIVE_RAISES)
    for check in Check:
        one = found.get(check)
        if one is None:
            continue
        if one.result is CheckResult.SKIPPED and not _does_not_apply(rule, check):
            yield _finding(rule, str(check), str(one.result), None, ""), one.reason or "", None
        for divergence in one.divergences:
            if divergence.contradicts:
                observation = _observation(first, check)
                yield (
                    _finding(rule, str(check), str(one.result), str(divergence.check_failed), divergence.expected),
                    divergence.observed,
                    None if observation is None else observation.exception,
                )


def _ended(rule: Rule, found: Mapping[Check, Evidence]) -> Mapping[str, str] | str:
    """How the checks that apply ended: one word where all ended alike."""
    ended = {str(check): str(one.result) for check, one in found.items() if not _does_not_apply(rule, check)}
    return next(iter(ended.values())) if len(set(ended.values())) == 1 else ended


def _finding(rule: Rule, check: str, outcome: str, failed: str | None, expected: str) -> dict[str, Any]:
    return {"rule": rule.id, "check": check, "outcome": outcome, "failed": failed, "expected": expected}


def _does_not_apply(rule: Rule, check: Check) -> bool:
    return check is Check.MESSAGE_TEMPLATE_MATCH and rule.message_template is None


def _observation(first: Evidence | None, check: Check) -> Observation | None:
    """What the library did with the example that a check reads."""
    if first is None:
        return None
    return first.negative if check is Check.NEGATIVE_DOES_NOT_RAISE else first.positive


def _seen(sample: str, exception: ObservedException | None) -> Seen:
    if exception is None:
        return Seen(sample, None, None, 0)
    return Seen(sample, exception.type, exception.raised_at, 0)


def _facts(rule: Rule, declared: Mapping[str, ContextField]) -> RuleFacts:
    from pytest_llem_invariants.language.predicates import referenced_fields

    return RuleFacts(
        native_type=rule.native_type,
        fields=tuple(name for name in referenced_fields(rule.match) if name not in declared),
        given=tuple(rule.kwargs_positive),
        guard=rule.miner_source.guard,
        method=rule.miner_source.method,
        by=str(rule.added_by),
        severity=str(rule.severity),
        template=rule.message_template,
    )


def _world(rule: Rule) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(rule.world.items()))


def _environment(environment: Environment) -> dict[str, Any]:
    return {**asdict(environment), "kind": str(environment.kind), "versions": dict(environment.versions)}
