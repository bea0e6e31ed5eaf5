"""Every ledger of this project speaks of the corpus beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from miners.ledger.files import LEDGER, load_ledger
from pytest_llem_invariants.corpus.files import load_proposed

CORPORA = Path(__file__).parents[2] / "corpora"


@pytest.mark.parametrize("path", sorted(CORPORA.rglob(LEDGER)), ids=lambda path: str(path.parent.relative_to(CORPORA)))
def test_a_ledger_names_no_rule_that_its_corpus_does_not_have(path: Path) -> None:
    ledger, corpus = load_ledger(path), load_proposed(path.parent / "invariants.proposed.yaml")
    assert (ledger.engine, ledger.engine_version) == (corpus.engine, corpus.engine_version)
    named = {name for entry in ledger.entries for name in entry.rules}
    assert named - {rule.id for rule in corpus.rules} == set()
