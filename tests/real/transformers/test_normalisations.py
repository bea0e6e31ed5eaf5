"""What the dormant rules do to a config settles, and in whichever order it is done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from miners.coherence import order_dependent_normalisations, unsettled_normalisations
from pytest_llem_invariants.corpus import load_proposed
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.model import Change, Kwargs
from pytest_llem_invariants.replay.observe import Observer

CORPUS = Path(__file__).parents[3] / "corpora" / "transformers" / "invariants.proposed.yaml"


def test_normalisations_settle_in_any_order() -> None:
    observer = Observer(get_adapter("transformers"))

    def normalise(native_type: str, kwargs: Kwargs) -> Mapping[str, Change]:
        return observer.observe(native_type, kwargs, strict=False).normalisations

    rules = load_proposed(CORPUS).rules
    assert unsettled_normalisations(rules, normalise) == ()
    assert order_dependent_normalisations(rules, normalise) == ()
