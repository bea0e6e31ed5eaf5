"""The three contracts: pure functions of a rule and an observation. They return None if the contract holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from pytest_llem_invariants.corpus.names import field_resolver, template_fragments
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.model import (
    Case,
    Channel,
    CheckFailed,
    Divergence,
    Observation,
    ObservedException,
    Outcome,
    Rule,
    Severity,
    Soundness,
)
from pytest_llem_invariants.replay.capture import heard
from pytest_llem_invariants.replay.exceptions import is_environmental

LEAST_STATIC_TEXT: Final = 6
"""A template needs at least so many letters and digits of fixed text."""

_ACCIDENTS: Final = frozenset({"TypeError", "AttributeError", "LookupError"})
_SPACE: Final = re.compile(r"\s+")


def positive_raises(rule: Rule, observation: Observation) -> Divergence | None:
    """The declared outcome occurred on its channel, and this rule caused it."""
    if observation.skipped_reason is not None:
        return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), observation.skipped_reason)
    if rule.severity is Severity.ERROR and observation.exception is not None:
        foreign = _why_foreign(rule, observation.exception)
        if foreign is None:
            return None
        observed = f"{_exception_text(observation.exception)} — {foreign}"
        return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), observed)
    if _effect_seen(rule, observation):
        return None
    return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), said(observation))


def message_template_match(rule: Rule, observation: Observation) -> Divergence | None:
    """The messages on the rule's channel contain the fixed text of the template, in order."""
    template = rule.message_template or ""
    fragments = _fragments(rule)
    if sum(character.isalnum() for fragment in fragments for character in fragment) < LEAST_STATIC_TEXT:
        return _diverges(
            rule,
            CheckFailed.MESSAGE_TEMPLATE_TOO_DYNAMIC,
            f"at least {LEAST_STATIC_TEXT} letters or digits of fixed text",
            template,
        )
    found = tuple(_on_channel(rule, observation))
    if any(_contains(message, fragments) for message in found):
        return None
    return _diverges(rule, CheckFailed.MESSAGE_TEMPLATE_MATCH, template, " | ".join(found) or "nothing was said")


def negative_does_not_raise(rule: Rule, observation: Observation) -> Divergence | None:
    """The library reports nothing on the rule's channel."""
    expected = f"silence on {rule.expected_outcome.emission_channel}"
    if observation.skipped_reason is not None:
        return _diverges(rule, CheckFailed.NEGATIVE_DOES_NOT_RAISE, expected, observation.skipped_reason)
    if observation.exception is not None:
        observed = _exception_text(observation.exception)
        return _diverges(rule, CheckFailed.NEGATIVE_DOES_NOT_RAISE, expected, observed)
    if _effect_seen(rule, observation):
        return _diverges(rule, CheckFailed.NEGATIVE_DOES_NOT_RAISE, expected, said(observation))
    return None


def said_on_channel(rule: Rule, observation: Observation) -> tuple[str, ...]:
    """The distinct messages on the rule's channel."""
    return tuple(dict.fromkeys(_on_channel(rule, observation)))


def is_own(rule: Rule, observation: Observation) -> bool:
    """Whether the rule's effect occurred, and this rule caused it."""
    if positive_raises(rule, observation) is not None:
        return False
    exception = observation.exception
    return exception is None or _may_be_worded(rule, exception.message)


def case_of(
    rule: Rule,
    positive: Observation,
    negative: Observation,
    divergences: Iterable[Divergence],
    *,
    soundness: Soundness | None = None,
) -> Case:
    """The rule's entry in the validated file, from both observations and the divergences."""
    failed = {divergence.check_failed for divergence in divergences}
    skipped = positive.skipped_reason or negative.skipped_reason
    if skipped is not None:
        return Case(id=rule.id, outcome=Outcome.SKIPPED, emission_channel=Channel.NONE, skipped_reason=skipped)
    expected = rule.expected_outcome
    own = failed.isdisjoint({CheckFailed.POSITIVE_RAISES, CheckFailed.NONDETERMINISTIC})
    outcome, channel = (expected.outcome, expected.emission_channel) if own else _seen(positive)
    return Case(
        id=rule.id,
        outcome=outcome,
        emission_channel=channel,
        observed_messages=positive.messages,
        observed_silent_normalisations=positive.normalisations,
        observed_exception=positive.exception,
        positive_confirmed=own,
        message_confirmed=None
        if rule.message_template is None
        else failed.isdisjoint({CheckFailed.MESSAGE_TEMPLATE_MATCH, CheckFailed.MESSAGE_TEMPLATE_TOO_DYNAMIC}),
        negative_confirmed=CheckFailed.NEGATIVE_DOES_NOT_RAISE not in failed,
        soundness=soundness,
    )


def _why_foreign(rule: Rule, exception: ObservedException) -> str | None:
    """Why an exception is not this rule's own; None where it may be."""
    if is_environmental(exception):
        return "a missing package, not a verdict"
    worded = _is_worded(rule, exception.message)
    if exception.locations and not _speaks_of(rule, exception.locations, worded):
        return f"raised for {', '.join(exception.locations)}, another field"
    kinds = {exception.type, *exception.bases}
    if not worded and not _judges_kind(rule) and not _is_missed(rule, kinds) and not _ACCIDENTS.isdisjoint(kinds):
        return "the example's own shape trips the library"
    return None


def _speaks_of(rule: Rule, locations: Iterable[str], worded: bool) -> bool:
    """Whether a location is one of the rule's fields.

    A part of a config knows a field by the last name of its path. If the library uses another name, the message
    decides, unless that name is another field of the example.
    """
    named = {part for location in locations for part in location.split(".")}
    own = {part for path in _fields(rule) for part in path.split(".")}
    return not named.isdisjoint(own) or (worded and named.isdisjoint(rule.kwargs_positive))


def _fields(rule: Rule) -> frozenset[str]:
    """The paths of the fields that the rule's predicate reads."""
    resolve = field_resolver(rule)
    return frozenset(resolve(name) for name in referenced_fields(rule.match))


def _judges_kind(rule: Rule) -> bool:
    return any(OPERATORS[clause.op].judges_kind for clauses in rule.match.fields.values() for clause in clauses)


def _is_missed(rule: Rule, kinds: Collection[str]) -> bool:
    """Whether a lookup failed for a key from the rule."""
    return "KeyError" in kinds and any(c.op == "not_in" for clauses in rule.match.fields.values() for c in clauses)


def _is_worded(rule: Rule, message: str) -> bool:
    """Whether a message matches the template; a template without fixed text matches none."""
    return bool(_fragments(rule)) and _may_be_worded(rule, message)


def _may_be_worded(rule: Rule, message: str) -> bool:
    """Whether nothing in the rule's template contradicts a message."""
    return _contains(message, _fragments(rule))


def _fragments(rule: Rule) -> tuple[str, ...]:
    return template_fragments(rule.message_template or "")


def _effect_seen(rule: Rule, observation: Observation) -> bool:
    """A warning or a dormant effect: announced with the rule's message, or seen as a change of its fields."""
    if rule.severity is Severity.ERROR or observation.exception is not None:
        return False
    expected = rule.expected_outcome
    if expected.emission_channel is Channel.NONE:
        watched = expected.normalised_fields or _fields(rule)
        return any(name in observation.normalisations for name in watched)
    return any(_may_be_worded(rule, message) for message in _on_channel(rule, observation))


def _on_channel(rule: Rule, observation: Observation) -> Iterator[str]:
    """The messages on the rule's channel."""
    match rule.expected_outcome.emission_channel:
        case Channel.RUNTIME_EXCEPTION:
            if observation.exception is not None:
                yield observation.exception.message
        case Channel.WARNINGS_WARN:
            yield from observation.warnings
        case Channel.MINOR_ISSUES_DICT:
            fields = _fields(rule)
            yield from (text for name, text in observation.minor_issues.items() if name in fields)
        case Channel.LOGGER_WARNING | Channel.LOGGER_WARNING_ONCE as channel:
            yield from (log.message for log in observation.logs if log.channel is channel)
        case Channel.NONE:
            yield from observation.messages


def _contains(message: str, fragments: Sequence[str]) -> bool:
    """Whether the fragments occur in the message in order, ignoring case and white space."""
    text = _folded(message)
    position = 0
    for fragment in fragments:
        folded = _folded(fragment)
        found = text.find(folded, position)
        if found < 0:
            return False
        position = found + len(folded)
    return True


@lru_cache(maxsize=8192)
def _folded(text: str) -> str:
    return _SPACE.sub("", text).casefold()


def _seen(observation: Observation) -> tuple[Outcome, Channel]:
    """The outcome of an observation and its channel, the most severe first."""
    if observation.exception is not None:
        return Outcome.ERROR, Channel.RUNTIME_EXCEPTION
    if observation.minor_issues:
        return Outcome.DORMANT_ANNOUNCED, Channel.MINOR_ISSUES_DICT
    announced = (
        Channel.WARNINGS_WARN if observation.warnings else observation.logs[0].channel if observation.logs else None
    )
    if observation.normalisations:
        if announced is None:
            return Outcome.DORMANT_SILENT, Channel.NONE
        return Outcome.DORMANT_ANNOUNCED, announced
    return (Outcome.PASS, Channel.NONE) if announced is None else (Outcome.WARN, announced)


def _diverges(rule: Rule, check: CheckFailed, expected: str, observed: str) -> Divergence:
    return Divergence(rule.id, check, next(iter(rule.match.fields), None), expected, observed)


def _expected(rule: Rule) -> str:
    expected = rule.expected_outcome
    if expected.emission_channel is Channel.NONE:
        changed = ", ".join(expected.normalised_fields) or "a field"
        return f"{expected.outcome}: {changed} changed silently"
    return f"{expected.outcome} on {expected.emission_channel}"


def said(observation: Observation) -> str:
    """What the library did with an example, in one line."""
    if observation.exception is not None:
        return _exception_text(observation.exception)
    seen = heard(observation)
    changed = [f"{name} became {change.observed!r}" for name, change in seen.normalisations.items()]
    return " | ".join((*seen.messages, *changed)) or "accepted in silence"


def _exception_text(exception: ObservedException) -> str:
    return f"{exception.type}: {exception.message}"
