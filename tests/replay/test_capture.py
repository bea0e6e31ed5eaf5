"""What is captured of an example: what the rule's checks read, and whoever reads more learns so."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_llem_invariants.model import Change, Channel, Observation, ObservedLog, Rule, Severity
from pytest_llem_invariants.replay import contracts
from pytest_llem_invariants.replay.capture import (
    ALL,
    EXCEPTION,
    READ,
    NotCapturedError,
    captured,
    heard,
    read_of_negative,
    without,
)
from pytest_llem_invariants.replay.wire import from_line, to_line
from tests.plugin.house import GOOD, LIFTED, NEGATIVE, SLOW

LOUD = Observation(
    warnings=("old is deprecated, got 1",),
    logs=(ObservedLog(Channel.LOGGER_WARNING, "fakelib", "top=10 is slow"),),
    minor_issues={"odd": "odd is ignored"},
    normalisations={"size": Change(0, 1)},
)


def test_every_channel_declares_what_is_read() -> None:
    assert set(READ) == set(Channel)
    assert all(EXCEPTION in channels <= ALL for channels in READ.values())


@pytest.mark.parametrize("rule", GOOD, ids=lambda rule: rule.id)
@pytest.mark.parametrize("seen", [LOUD, Observation(), replace(LOUD, warnings=()), Observation(skipped_reason="late")])
def test_a_check_says_the_same_of_what_it_declares_alone(rule: Rule, seen: Observation) -> None:
    of_all = contracts.negative_does_not_raise(rule, seen)
    of_read = contracts.negative_does_not_raise(rule, without(seen, ALL - read_of_negative(rule)))
    assert (of_all is None) is (of_read is None)


def test_a_check_that_reads_what_was_not_captured_fails_loudly() -> None:
    seen = without(Observation(), ALL - read_of_negative(NEGATIVE))
    with pytest.raises(NotCapturedError, match=r"a check reads 'logs', which was not captured — declare it"):
        contracts.negative_does_not_raise(SLOW, seen)
    with pytest.raises(NotCapturedError, match="reads 'normalisations'"):
        contracts.negative_does_not_raise(LIFTED, seen)
    with pytest.raises(NotCapturedError, match="reads 'warnings'"):
        _ = seen.messages


def test_what_was_not_captured_arrives_as_such() -> None:
    seen = without(LOUD, ALL - read_of_negative(SLOW))
    assert NEGATIVE.severity is Severity.ERROR
    (arrived,) = from_line(to_line([seen]), 1)
    assert arrived == seen
    assert captured(arrived) == {"exception", "logs"}
    assert heard(arrived) == Observation(logs=LOUD.logs)


@pytest.mark.parametrize("forged", [["exception"], ["odd"], ["warnings"], "logs"])
def test_a_child_cannot_claim_to_have_captured_nothing(forged: object) -> None:
    line = json.dumps([{"not_captured": forged, "warnings": ["w"]}]).encode()
    with pytest.raises(ValueError, match="no part of an observation"):
        from_line(line, 1)
