from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from miners.causes.signals import EXTRACTORS, PROBLEM, SUCCESS, Thresholds, signals
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.runs.digest import RunDigest, Times
from tests.causes.test_clusters import digest_of

CLEAN = replace(digest_of(), rules={"demo.Cache": {"r0": "confirmed", "r1": "confirmed"}})
RED = digest_of("ValueError: no", "ValueError: never")


def types_of(*runs: RunDigest, **limits: Any) -> list[str]:
    return [one.type for one in signals(runs, Thresholds(**limits))]


def raised(digest: RunDigest) -> RunDigest:
    """The same, seen as exceptions."""
    errors = {name: replace(seen, type="ValueError", count=7) for name, seen in digest.errors.items()}
    return replace(digest, errors=errors)


TIMES = Times("2026-01-01T00:00:00Z", 100.0, 5.0, 0.01, 0.02, {"r0": 3.0, "r1": 0.05})
LONG = replace(TIMES, before_first=70.0)
TWO_CLASSES = replace(RED, facts={**RED.facts, "r1": replace(RED.facts["r1"], native_type="demo.Serve")})


@pytest.mark.parametrize(
    ("runs", "type_", "polarity", "locus"),
    [
        ([CLEAN], "clean_pass", SUCCESS, CLEAN.corpus),
        ([raised(digest_of("ValueError: no"))], "recurring_error", PROBLEM, RED.findings[0].error),
        ([RED, RED], "repeated_error", PROBLEM, "r0"),
        ([RED, RED, RED], "retry_storm", PROBLEM, RED.corpus),
        ([RED, CLEAN], "recovered", SUCCESS, "r0"),
        ([replace(CLEAN, unrun=3)], "abandoned_run", PROBLEM, CLEAN.corpus),
        ([replace(CLEAN, times=TIMES)], "slow_rule", PROBLEM, "r0"),
        ([replace(CLEAN, times=LONG)], "setup_overhead", PROBLEM, CLEAN.corpus),
        ([TWO_CLASSES], "one_class", PROBLEM, "demo.Cache"),
    ],
)
def test_each_signal_is_given_for_what_it_is(runs: list[RunDigest], type_: str, polarity: str, locus: str) -> None:
    found = next(one for one in signals(runs, Thresholds()) if one.type == type_)
    assert (found.polarity, found.locus) == (polarity, locus)


def test_every_extractor_has_a_signal_of_its_name() -> None:
    everything = types_of(RED, CLEAN, replace(raised(TWO_CLASSES), unrun=1, times=replace(LONG, whole=80.0)))
    assert set(everything) <= EXTRACTORS.keys()


def test_a_clean_run_gives_no_problem() -> None:
    assert types_of(CLEAN) == ["clean_pass"]


def test_thresholds_are_settable() -> None:
    assert "retry_storm" not in types_of(RED, RED)
    assert "retry_storm" in types_of(RED, RED, storm=2)
    assert Thresholds().with_given(["storm=2", "slow=1.5"]) == Thresholds(storm=2, slow=1.5)


@pytest.mark.parametrize("word", ["stomr=2", "storm", "storm=many"])
def test_a_wrong_threshold_is_told(word: str) -> None:
    with pytest.raises(LlemError, match="threshold"):
        Thresholds().with_given([word])
