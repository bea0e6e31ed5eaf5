"""What the live library makes of the values of dormant rules, for the rules about their whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from miners.coherence import order_dependent_normalisations, unsettled_normalisations
from pytest_llem_invariants.corpus import load_proposed
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.model import Change, Kwargs
from pytest_llem_invariants.replay.normalise import in_this_folder
from pytest_llem_invariants.replay.observe import Observer

_CORPORA = Path(__file__).parents[2] / "corpora"


def complaints_about_settling(engine: str) -> tuple[str, ...]:
    """What is normalised again and again, and what ends differently in another order."""
    observer = Observer(get_adapter(engine))

    def normalise(native_type: str, kwargs: Kwargs) -> Mapping[str, Change] | None:
        given = {name: in_this_folder(value) for name, value in kwargs.items()}
        seen = observer.observe(native_type, given, strict=False)
        return seen.normalisations if seen.exception is None else None

    rules = load_proposed(_CORPORA / engine / "invariants.proposed.yaml").rules
    return unsettled_normalisations(rules, normalise) + order_dependent_normalisations(rules, normalise)
