"""Reduce the proven rules of a class: no rule that another one implies, no negative that another one claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from miners.candidates.claims import Claims
from miners.candidates.outcomes import Cause, Lost, Proven, Why
from miners.candidates.rules import to_candidate
from miners.gate.implied import tells_less, voice_of
from miners.gate.trials import Trials
from pytest_llem_invariants.model import Kwargs, Rule, Severity
from pytest_llem_invariants.replay.contexts import negative_context_of
from pytest_llem_invariants.replay.contracts import said_on_channel


@final
@dataclass(frozen=True, slots=True)
class Finished:
    """The rules that stay, and those that are dropped."""

    proven: tuple[Proven, ...]
    lost: tuple[Lost, ...]


def finish(proven: Sequence[Proven], trials: Trials) -> Finished:
    """Drop implied rules, give each rule a negative that no rule claims, and note the library's messages."""
    kept, lost = _without_implied(proven)
    told = map(trials.setting.claim_of, (entry.rule for entry in kept))
    claims = Claims(claim for claim in told if claim.asks_for is not None)  # else no negative would be clean
    settled: list[Proven] = []
    for entry in kept:
        cleaned = _with_clean_negative(entry, claims, trials)
        if cleaned is None:
            lost.append(Lost(to_candidate(entry.rule), Why(Cause.UNCLEAN)))
        else:
            settled.append(replace(cleaned, rule=_as_heard(cleaned.rule, trials)))
    return Finished(tuple(settled), tuple(lost))


def _without_implied(proven: Sequence[Proven]) -> tuple[list[Proven], list[Lost]]:
    """Each rule that no other one contains; of two that contain each other, the one that was proven first.

    Handwritten rules are excluded: whether mined rules replace them is decided for all of them together.
    """
    kept: list[Proven] = []
    lost: list[Lost] = []
    alike: dict[tuple[Severity, str | None], list[Proven]] = {}
    for entry in proven:
        if not entry.rule.added_by.is_by_hand:
            alike.setdefault(voice_of(entry.rule), []).append(entry)
    for entry in reversed(proven):
        if entry.rule.added_by.is_by_hand:
            kept.append(entry)
            continue
        standing = alike[voice_of(entry.rule)]
        others = (other.rule for other in standing if other is not entry)
        wider = next((other for other in others if tells_less(entry.rule, other)), None)
        if wider is not None:
            alike[voice_of(entry.rule)] = [other for other in standing if other is not entry]
            lost.append(Lost(to_candidate(entry.rule), Why(Cause.IMPLIED), wider=wider))
        else:
            kept.append(entry)
    return kept[::-1], lost


def _with_clean_negative(entry: Proven, claims: Claims, trials: Trials) -> Proven | None:
    def another_claims(kwargs: Kwargs) -> bool:
        return any(rule is not entry.rule for rule in claims.on(kwargs))

    if not another_claims(entry.rule.kwargs_negative):
        return entry
    again = trials.stage(to_candidate(entry.rule), others=(another_claims,))
    if again is None or another_claims(again.kwargs_negative):
        elsewhere = None if another_claims(entry.rule.kwargs_positive) else trials.freed_elsewhere(entry.rule)
        return None if elsewhere is None else replace(entry, rule=elsewhere)
    return replace(entry, rule=replace(again, id=entry.rule.id, cross_validated_by=entry.rule.cross_validated_by))


def _as_heard(rule: Rule, trials: Trials) -> Rule:
    """The rule with the library's message for its positive, if it says more than the template.

    What the library says of the negative, too, it does not say of the effect: of the model, or of another field.
    """
    context = trials.setting.context_of(rule)
    seen = trials.oracle.observe(rule.kwargs_positive, context, rule.severity)
    known = {rule.message_template}
    if rule.severity is not Severity.ERROR:
        beside = negative_context_of(rule, trials.setting.context)
        known.update(said_on_channel(rule, trials.oracle.observe(rule.kwargs_negative, beside, rule.severity)))
    return replace(rule, observed_messages=tuple(text for text in said_on_channel(rule, seen) if text not in known))
