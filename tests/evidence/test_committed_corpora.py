"""Rules about rules, over every corpus of this project that was proven: no library is needed for these."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_llem_invariants.corpus.files import effective, load_proposed, load_validated
from pytest_llem_invariants.model import Rule
from pytest_llem_invariants.ssot import load_ssot
from tests.evidence.coherence import implied_duplicates, triggered_negatives

CORPORA = Path(__file__).parents[2] / "corpora"
PROVEN = sorted(
    path.parent for path in CORPORA.rglob("invariants.validated.yaml") if not path.parent.name.startswith("_")
)


def shipped(folder: Path) -> list[Rule]:
    validated = load_validated(folder / "invariants.validated.yaml")
    entries = effective(load_proposed(folder / "invariants.proposed.yaml"), validated)
    return [entry.rule for entry in entries if entry.ships]


@pytest.fixture(scope="module", params=PROVEN, ids=lambda folder: str(folder.relative_to(CORPORA)))
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_are_proven_corpora() -> None:
    assert PROVEN


def test_no_negative_triggers_another_rule(folder: Path) -> None:
    corpus = load_proposed(folder / "invariants.proposed.yaml")
    ssot = load_ssot(corpus.engine)
    rules = shipped(folder)
    entries = {rule.native_type: ssot.native_type(rule.native_type) for rule in rules}
    base = {name: entry.base_kwargs for name, entry in entries.items() if entry is not None}
    context = {name: field.default for name, field in corpus.context.items()}
    assert triggered_negatives(rules, base, context) == ()


def test_no_error_rule_repeats_another(folder: Path) -> None:
    assert implied_duplicates(shipped(folder)) == ()
