"""What gave a rule its example is told: each step of the cascade is named for what it gave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Rung
from miners.candidates.rules import to_candidate
from miners.gate.rungs import rung_of
from pytest_llem_invariants.model import Clause
from tests.plugin.house import NEGATIVE

BARE = to_candidate(NEGATIVE)


@pytest.mark.parametrize(
    ("rung", "change", "example"),
    [
        (Rung.WITNESS, {"hints": ()}, {"size": -1}),
        (Rung.DRAWN, {"hints": (), "fields": {"mode": (Clause("matches", "a+"),)}}, {"mode": "aa"}),
        (Rung.OWN, {"hints": ({"size": -1},)}, {"size": -1, "model": "what each needs"}),
        (Rung.SIMILAR, {"hints": ({"size": -1},), "restated": True}, {"size": -1}),
        (Rung.WITNESS, {"hints": ({"size": -1.0}, {})}, {"size": -1}),
    ],
)
def test_an_example_is_told_to_come_from_where_it_does(
    rung: Rung, change: dict[str, Any], example: dict[str, Any]
) -> None:
    candidate: Candidate = replace(BARE, **change)
    rule = replace(NEGATIVE, kwargs_positive=example)
    assert rung_of(rule, candidate, None, is_led=False) is rung
    assert rung_of(rule, candidate, rule, is_led=False) is Rung.EARLIER


def test_what_was_led_past_earlier_checks_has_its_example_from_there() -> None:
    candidate = replace(BARE, hints=({"size": -1},))
    assert rung_of(replace(NEGATIVE, kwargs_positive={"size": -1}), candidate, None, is_led=True) is Rung.DETOUR
