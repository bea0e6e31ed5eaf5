"""Turn the evidence of a run into the validated file: which rules ran again, which results hold, which are missing."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

from pytest_llem_invariants.checker.certifying import file_certification
from pytest_llem_invariants.checker.verdict import CERTIFICATIONS
from pytest_llem_invariants.corpus.files import DIVERGENT, SCHEMA_VERSION, fingerprint, version_of
from pytest_llem_invariants.model import (
    CONTRACTS,
    Case,
    Certification,
    Channel,
    Check,
    CheckFailed,
    Corpus,
    Divergence,
    Environment,
    EnvironmentKind,
    Outcome,
    Quarantine,
    Rule,
    Validated,
)
from pytest_llem_invariants.plugin.evidence import Evidence
from pytest_llem_invariants.replay.contracts import case_of

_CHECKED: Final = (
    (Check.POSITIVE_RAISES, "positive_confirmed"),
    (Check.MESSAGE_TEMPLATE_MATCH, "message_confirmed"),
    (Check.NEGATIVE_DOES_NOT_RAISE, "negative_confirmed"),
)

_PROBED: Final = (CheckFailed.PREDICATE_OVERBROAD, CheckFailed.PREDICATE_UNDERBROAD)
"""The results of probing, as opposed to those of the two examples."""


@final
@dataclass(frozen=True, slots=True)
class Folded:
    """The result of a run."""

    validated: Validated
    quarantine: Quarantine
    fresh: frozenset[str]
    """The rules whose checks all ran."""
    is_news: bool
    """Whether the files contain anything new."""
    unrun: int
    """Rules without results, or without all of them, from this run."""
    skips: tuple[str, ...]
    """Why there is no result, for each rule that was tried in vain."""
    problems: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Run:
    """The evidence for one corpus, by rule and check."""

    corpus: Corpus
    corpus_sha256: str
    evidence: Mapping[str, Mapping[Check, Evidence]]
    crashed: Mapping[str, str]
    """Rules that ended their process, and how."""
    version: str
    environment: Environment
    moment: str


@final
@dataclass(frozen=True, slots=True)
class _Entry:
    """The new entry of one rule."""

    case: Case | None
    divergences: tuple[Divergence, ...]
    is_fresh: bool = True
    """Whether this run did all its checks."""
    skip: str | None = None


def fold(run: Run, previous: Validated | None, problems: Iterable[str] = ()) -> Folded:
    """A full run replaces everything; a partial run replaces only the rules whose checks all ran."""
    prints = {rule.id: fingerprint(rule) for rule in run.corpus.rules}
    earlier = _still_true(previous, prints, run.version)
    diverged = _by_rule(previous)
    was = None if previous is None else previous.environment.kind
    entries = {
        rule.id: _entry(
            rule, run, prints[rule.id], _kept(earlier.get(rule.id), run, was), tuple(diverged.get(rule.id, ()))
        )
        for rule in run.corpus.rules
    }
    cases = [entry.case for entry in entries.values() if entry.case is not None]
    divergences = [divergence for entry in entries.values() for divergence in entry.divergences]
    validated = Validated(
        schema_version=_format(divergences),
        engine=run.corpus.engine,
        engine_version=run.version,
        validated_at=run.moment,
        corpus_sha256=run.corpus_sha256,
        environment=run.environment,
        certification=_certification(cases, run.corpus.rules),
        summary=_summary(cases, divergences),
        cases=tuple(cases),
        divergences=tuple(divergences),
    )
    fresh = frozenset(name for name, entry in entries.items() if entry.is_fresh)
    is_whole = len(fresh) == len(entries)
    return Folded(
        _same_moment(validated, previous),
        _quarantine(run, divergences),
        fresh,
        is_news=bool(fresh) and not _is_known(validated, previous, is_whole=is_whole),
        unrun=len(entries) - len(fresh),
        skips=tuple(entry.skip for entry in entries.values() if entry.skip is not None),
        problems=tuple(problems),
    )


def _entry(rule: Rule, run: Run, print_of_rule: str, known: Case | None, earlier: tuple[Divergence, ...]) -> _Entry:
    """A rule's new evidence, else its known result; `earlier` are its former divergences."""
    kept = None if known is None else _graded(replace(known, certification=Certification.REUSED))
    fresh = _fresh_case(rule, run, print_of_rule)
    if fresh is None:
        return _Entry(kept, () if kept is None else earlier, is_fresh=False)
    case, diverged = fresh
    skip = case.skipped_reason
    if known is not None and skip is not None and known.skipped_reason is None:
        return _Entry(kept, earlier, skip=skip)  # no new result, and the old one is kept
    whole = _with_earlier_soundness(case, known)
    if whole is not case:
        diverged += tuple(one for one in earlier if one.check_failed in _PROBED)
    return _Entry(whole, diverged, skip=skip)


def _kept(known: Case | None, run: Run, was: EnvironmentKind | None) -> Case | None:
    """An earlier result says where it was seen, if this run is elsewhere."""
    if known is None or known.environment_kind is EnvironmentKind.SIMULATED:
        return known
    kind = known.environment_kind or was
    return replace(known, environment_kind=None if kind is run.environment.kind else kind)


def _graded(case: Case) -> Case:
    """A rule that was skipped or contradicted is certified by nothing."""
    return case if case.confirmed else replace(case, certification=Certification.PARTIAL)


def _is_known(validated: Validated, previous: Validated | None, *, is_whole: bool) -> bool:
    """Whether a run found nothing new.

    What a partial run reuses was certified when the file was written. Of a whole one it is news where it was seen,
    unless the file has the same from a place that certifies more: who tries it at home takes nothing from that.
    """
    if previous is None or not _says_the_same(validated, previous):
        return False
    before, now = (CERTIFICATIONS.index(file_certification(one)) for one in (previous, validated))
    return not is_whole or before > now


def _says_the_same(validated: Validated, previous: Validated) -> bool:
    undated = replace(
        validated,
        validated_at=previous.validated_at,
        environment=previous.environment,
        certification=previous.certification,
        cases=_uncertified(validated),
    )
    return undated == replace(previous, cases=_uncertified(previous))


def _uncertified(validated: Validated) -> tuple[Case, ...]:
    return tuple(
        replace(case, certification=Certification.FULL, environment_kind=_only_simulated(case))
        for case in validated.cases
    )


def _only_simulated(case: Case) -> EnvironmentKind | None:
    return case.environment_kind if case.environment_kind is EnvironmentKind.SIMULATED else None


def _certification(cases: Sequence[Case], rules: Sequence[Rule]) -> Certification:
    """The certification of the whole file: complete from this run, complete with earlier results, or incomplete.

    It is incomplete, too, where a rule has a result that certifies nothing.
    """
    if len(cases) < len(rules) or any(case.certification is Certification.PARTIAL for case in cases):
        return Certification.PARTIAL
    reused = any(case.certification is Certification.REUSED for case in cases)
    return Certification.REUSED if reused else Certification.FULL


def _fresh_case(rule: Rule, run: Run, print_of_rule: str) -> tuple[Case, tuple[Divergence, ...]] | None:
    """The rule's new entry; None unless all three of its checks ran."""
    if rule.id in run.crashed:
        case = Case(
            id=rule.id,
            outcome=Outcome.SKIPPED,
            emission_channel=Channel.NONE,
            skipped_reason=run.crashed[rule.id],
            fingerprint=print_of_rule,
        )
        return _graded(case), ()
    found = run.evidence.get(rule.id, {})
    if any(check not in found for check in CONTRACTS):
        return None
    first = found[Check.POSITIVE_RAISES]
    assert first.positive is not None
    assert first.negative is not None
    diverged = tuple(divergence for check in Check if check in found for divergence in found[check].divergences)
    agreement = found.get(Check.PREDICATE_AGREES)
    case = case_of(
        rule, first.positive, first.negative, diverged, soundness=None if agreement is None else agreement.soundness
    )
    if any(one.reused for one in found.values()):
        case = replace(case, certification=Certification.REUSED)
    kind = EnvironmentKind.SIMULATED if any(one.simulated for one in found.values()) else None
    return _graded(replace(case, fingerprint=print_of_rule, environment_kind=kind)), diverged


def _still_true(previous: Validated | None, prints: Mapping[str, str], version: str) -> dict[str, Case]:
    """Earlier entries for a rule that has not changed, from the version that is installed now."""
    if previous is None or previous.engine_version != version:
        return {}
    return {
        case.id: case
        for case in previous.cases
        if case.fingerprint is not None and prints.get(case.id) == case.fingerprint
    }


def _with_earlier_soundness(case: Case, known: Case | None) -> Case:
    """Probing is optional; a replay without it keeps its earlier results."""
    if case.soundness is not None or known is None or case.skipped_reason is not None:
        return case
    return replace(case, soundness=known.soundness)


def _by_rule(validated: Validated | None) -> dict[str, list[Divergence]]:
    found: dict[str, list[Divergence]] = {}
    for one in () if validated is None else validated.divergences:
        found.setdefault(one.invariant_id, []).append(one)
    return found


def _summary(cases: Iterable[Case], divergences: Iterable[Divergence]) -> dict[str, Any]:
    cases = tuple(cases)
    outcomes = Counter(case.outcome.value for case in cases)
    checks: dict[str, dict[str, int]] = {}
    for check, name in _CHECKED:
        values = [getattr(case, name) for case in cases]
        checks[check.value] = {
            "confirmed": values.count(True),
            "contradicted": values.count(False),
            "not_applicable": values.count(None),
        }
    return {
        "rules": len(cases),
        "confirmed": sum(case.confirmed for case in cases),
        "contradicted": len({one.invariant_id for one in divergences if one.contradicts}),
        "outcomes": {outcome.value: outcomes[outcome.value] for outcome in Outcome if outcomes[outcome.value]},
        "checks": checks,
    }


def _same_moment(validated: Validated, previous: Validated | None) -> Validated:
    """If a run finds nothing new, it keeps the date, so that the same facts give the same bytes."""
    if previous is None:
        return validated
    as_before = replace(validated, validated_at=previous.validated_at)
    return as_before if as_before == previous else validated


def _format(divergences: Iterable[Divergence]) -> str:
    """The oldest version of the format that has the words of these divergences."""
    return DIVERGENT if any(one.check_failed is CheckFailed.NONDETERMINISTIC for one in divergences) else SCHEMA_VERSION


def _quarantine(run: Run, divergences: Sequence[Divergence]) -> Quarantine:
    by_rule: dict[str, list[Divergence]] = {}
    for divergence in divergences:
        if divergence.contradicts:
            by_rule.setdefault(divergence.invariant_id, []).append(divergence)
    contradicted = [rule for rule in run.corpus.rules if rule.id in by_rule]
    return Quarantine(
        schema_version=version_of(contradicted, _format(divergences)),
        engine=run.corpus.engine,
        engine_version=run.version,
        generated_at=run.moment,
        rules=tuple((rule, tuple(by_rule[rule.id])) for rule in contradicted),
        context=run.corpus.context,
    )


def collected(evidence: Iterable[Evidence]) -> dict[str, dict[Check, Evidence]]:
    """Evidence by rule and check; if a check ran twice, the last result counts."""
    found: dict[str, dict[Check, Evidence]] = {}
    for one in evidence:
        found.setdefault(one.rule, {})[one.check] = one
    return found


def this_environment(kind: EnvironmentKind, image_ref: str | None, versions: Mapping[str, str]) -> Environment:
    return Environment(
        kind=kind,
        image_ref=image_ref,
        python=platform.python_version(),
        platform=f"{sys.platform}-{platform.machine()}",
        versions=dict(versions),
    )
