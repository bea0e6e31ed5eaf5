"""The gate lets no malformed rule pass, and each of its parts is needed for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_llem_invariants.replay import contracts
from tests.replay.gate_cases import GateCase, cases
from tests.replay.mutants import Mutant, mutants

CASES = tuple(cases())
SOURCE = Path(contracts.__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_gate_records_what_is_wrong_with_a_rule(case: GateCase) -> None:
    assert case.ask(contracts) == case.answer


@pytest.mark.parametrize("mutant", tuple(mutants(SOURCE)), ids=lambda mutant: mutant.name)
def test_a_gate_with_one_part_taken_away_is_caught(mutant: Mutant) -> None:
    changed = mutant.load(contracts)
    assert not all(case.holds(changed) for case in CASES)


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
