"""The three contracts, as pure functions of a rule and an observation. None means that the contract holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pytest_llem_invariants.corpus_names import field_resolver, template_fragments
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
from pytest_llem_invariants.predicates import referenced_fields

LEAST_STATIC_TEXT: Final = 6
"""So many letters and digits of fixed text at least, or the template says nothing."""

_MISSING_PACKAGE: Final = frozenset({"ImportError", "ModuleNotFoundError", "NameError"})
_ACCIDENTS: Final = frozenset(
    {"TypeError", "AttributeError", "KeyError", "IndexError", "RecursionError", "MemoryError"}
)
_JUDGES_KIND: Final = frozenset({"type_is", "type_is_not", "present", "absent", "truthy", "falsy"})
_SPACE: Final = re.compile(r"\s+")


def positive_raises(rule: Rule, observation: Observation) -> Divergence | None:
    """The declared outcome was seen on its channel, and it is the rule's own."""
    if observation.skipped_reason is not None:
        return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), observation.skipped_reason)
    if rule.severity is Severity.ERROR:
        if observation.exception is None:
            return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), _said(observation))
        foreign = _why_foreign(rule, observation.exception)
        if foreign is not None:
            observed = f"{_exception_text(observation.exception)} — {foreign}"
            return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), observed)
        return None
    if observation.exception is not None:
        return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), _exception_text(observation.exception))
    if _effect_seen(rule, observation):
        return None
    return _diverges(rule, CheckFailed.POSITIVE_RAISES, _expected(rule), _said(observation))


def message_template_match(rule: Rule, observation: Observation) -> Divergence | None:
    """The fixed text of the template stands in what was said on the rule's channel, in order."""
    template = rule.message_template or ""
    fragments = template_fragments(template)
    if sum(character.isalnum() for fragment in fragments for character in fragment) < LEAST_STATIC_TEXT:
        return _diverges(
            rule,
            CheckFailed.MESSAGE_TEMPLATE_TOO_DYNAMIC,
            f"at least {LEAST_STATIC_TEXT} letters or digits of fixed text",
            template,
        )
    said = tuple(_on_channel(rule, observation))
    if any(_contains(message, fragments) for message in said):
        return None
    return _diverges(rule, CheckFailed.MESSAGE_TEMPLATE_MATCH, template, " | ".join(said) or "nothing was said")


def negative_does_not_raise(rule: Rule, observation: Observation) -> Divergence | None:
    """Silence on the rule's channel."""
    expected = f"silence on {rule.expected_outcome.emission_channel}"
    if observation.skipped_reason is not None:
        return _diverges(rule, CheckFailed.NEGATIVE_DOES_NOT_RAISE, expected, observation.skipped_reason)
    if observation.exception is not None:
        observed = _exception_text(observation.exception)
        return _diverges(rule, CheckFailed.NEGATIVE_DOES_NOT_RAISE, expected, observed)
    if rule.severity is not Severity.ERROR and _effect_seen(rule, observation):
        return _diverges(rule, CheckFailed.NEGATIVE_DOES_NOT_RAISE, expected, _said(observation))
    return None


def is_own(rule: Rule, observation: Observation) -> bool:
    """Whether the rule's effect was seen, and it is this rule's and not another's."""
    if observation.skipped_reason is not None:
        return False
    if rule.severity is not Severity.ERROR:
        return observation.exception is None and _effect_seen(rule, observation)
    exception = observation.exception
    if exception is None or _why_foreign(rule, exception) is not None:
        return False
    fragments = template_fragments(rule.message_template or "")
    return not fragments or _contains(exception.message, fragments)


def case_of(
    rule: Rule,
    positive: Observation,
    negative: Observation,
    divergences: Iterable[Divergence],
    *,
    soundness: Soundness | None = None,
) -> Case:
    """The rule's entry in the validated file, from both observations and what diverged."""
    failed = {divergence.check_failed for divergence in divergences}
    skipped = positive.skipped_reason or negative.skipped_reason
    if skipped is not None:
        return Case(id=rule.id, outcome=Outcome.SKIPPED, emission_channel=Channel.NONE, skipped_reason=skipped)
    outcome, channel = _seen(positive)
    return Case(
        id=rule.id,
        outcome=outcome,
        emission_channel=channel,
        observed_messages=positive.messages,
        observed_silent_normalisations=positive.normalisations,
        observed_exception=positive.exception,
        positive_confirmed=CheckFailed.POSITIVE_RAISES not in failed,
        message_confirmed=None
        if rule.message_template is None
        else failed.isdisjoint({CheckFailed.MESSAGE_TEMPLATE_MATCH, CheckFailed.MESSAGE_TEMPLATE_TOO_DYNAMIC}),
        negative_confirmed=CheckFailed.NEGATIVE_DOES_NOT_RAISE not in failed,
        soundness=soundness,
    )


def _why_foreign(rule: Rule, exception: ObservedException) -> str | None:
    """Why an exception is not this rule's own; None where it may be."""
    names = {exception.type, *exception.bases}
    if not names.isdisjoint(_MISSING_PACKAGE):
        return "a missing package, not a verdict"
    if exception.locations and _fields(rule).isdisjoint(_first(location) for location in exception.locations):
        return f"raised for {', '.join(exception.locations)}, another field"
    if not names.isdisjoint(_ACCIDENTS) and not _judges_kind(rule) and not _is_worded(rule, exception):
        return "the example's own shape trips the library"
    return None


def _fields(rule: Rule) -> frozenset[str]:
    resolve = field_resolver(rule)
    return frozenset(_first(resolve(name)) for name in referenced_fields(rule.match))


def _first(path: str) -> str:
    return path.partition(".")[0]


def _judges_kind(rule: Rule) -> bool:
    return any(clause.op in _JUDGES_KIND for clauses in rule.match.fields.values() for clause in clauses)


def _is_worded(rule: Rule, exception: ObservedException) -> bool:
    fragments = template_fragments(rule.message_template or "")
    return bool(fragments) and _contains(exception.message, fragments)


def _effect_seen(rule: Rule, observation: Observation) -> bool:
    """A warning or a dormant effect: announced as the rule words it, or seen as a change of its fields."""
    expected = rule.expected_outcome
    if expected.emission_channel is not Channel.NONE:
        fragments = template_fragments(rule.message_template or "")
        return any(not fragments or _contains(message, fragments) for message in _on_channel(rule, observation))
    changed = observation.normalisations
    watched = expected.normalised_fields or tuple(_fields(rule))
    return any(name in changed for name in watched)


def _on_channel(rule: Rule, observation: Observation) -> Iterator[str]:
    """What was said where the rule says that it is said."""
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
    """Whether the fragments stand in the message in order, ignoring case and white space."""
    text = _folded(message)
    position = 0
    for fragment in fragments:
        folded = _folded(fragment)
        found = text.find(folded, position)
        if found < 0:
            return False
        position = found + len(folded)
    return True


def _folded(text: str) -> str:
    return _SPACE.sub("", text).casefold()


def _seen(observation: Observation) -> tuple[Outcome, Channel]:
    """The outcome of an observation and the channel on which it was announced, the gravest first."""
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


def _said(observation: Observation) -> str:
    if observation.exception is not None:
        return _exception_text(observation.exception)
    changed = [f"{name} became {change.observed!r}" for name, change in observation.normalisations.items()]
    return " | ".join((*observation.messages, *changed)) or "accepted in silence"


def _exception_text(exception: ObservedException) -> str:
    return f"{exception.type}: {exception.message}"
