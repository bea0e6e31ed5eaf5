"""Rules and observations in the fewest words, for tests of what is judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_llem_invariants.model import (
    AddedBy,
    Change,
    Channel,
    Clause,
    ExpectedOutcome,
    Match,
    MinerSource,
    Observation,
    ObservedException,
    ObservedLog,
    Outcome,
    Rule,
    Severity,
)


def a_rule(**changes: Any) -> Rule:
    """An error rule: `count` below 0 is rejected."""
    base = Rule(
        id="count_lt_0",
        engine="fake",
        library="fakelib",
        invariant_under_test="Config rejects a config where count is below 0",
        severity=Severity.ERROR,
        native_type="fakelib.Config",
        miner_source=MinerSource("fakelib/core.py", "_do_count", 1),
        match=Match("fake", {"count": (Clause("<", 0),)}),
        kwargs_positive={"count": -1, "other": 1},
        kwargs_negative={"count": 1},
        expected_outcome=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        message_template="count must be at least 0, not {count}",
        references=(),
        added_by=AddedBy.MANUAL_SEED,
        added_at="2026-01-01",
    )
    return replace(base, **changes)


def on(channel: Channel, *normalised: str, **changes: Any) -> Rule:
    """The same constraint as an announcement on a channel, or as a silent change."""
    silent = channel is Channel.NONE
    severity = Severity.DORMANT if silent or channel is Channel.MINOR_ISSUES_DICT else Severity.WARN
    outcome = Outcome.DORMANT_SILENT if silent else Outcome.DORMANT_ANNOUNCED
    expected = ExpectedOutcome(outcome if severity is Severity.DORMANT else Outcome.WARN, channel, normalised)
    given = {"severity": severity, "expected_outcome": expected}
    return a_rule(**given, **({"message_template": None} if silent else {}), **changes)


def matching(**fields: tuple[str, Any]) -> Match:
    return Match("fake", {name.replace("__", "."): (Clause(*clause),) for name, clause in fields.items()})


def raised(
    message: str = "count must be at least 0, not -1", kind: str = "ValueError", *locations: str, bases: Any = ()
) -> Observation:
    chain = (*bases, "Exception", "BaseException")
    return Observation(exception=ObservedException(kind, message, locations, "fakelib/core.py:9", chain))


def said(channel: Channel, message: str = "count must be at least 0, not -1", field: str = "count") -> Observation:
    """The message on one channel."""
    match channel:
        case Channel.RUNTIME_EXCEPTION:
            return raised(message)
        case Channel.WARNINGS_WARN:
            return Observation(warnings=(message,))
        case Channel.MINOR_ISSUES_DICT:
            return Observation(minor_issues={field: message})
        case Channel.NONE:
            return Observation(normalisations={field: Change(-1, 0)})
    return Observation(logs=(ObservedLog(channel, "fakelib.core", message),))


SILENCE = Observation()
SKIPPED = Observation(skipped_reason="timeout after 5 s")
