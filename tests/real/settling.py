"""What the live library makes of the values of dormant rules, for the rules about their whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.model import Change, Kwargs
from pytest_llem_invariants.replay.capture import EXCEPTION, NORMALISATIONS
from pytest_llem_invariants.replay.observe import Observer
from tests.evidence.coherence import order_dependent_normalisations, unsettled_normalisations

_CORPORA = Path(__file__).parents[2] / "corpora"


def complaints_about_settling(engine: str) -> tuple[str, ...]:
    """What is normalised again and again, and what ends differently in another order."""
    observer = Observer(get_adapter(engine))

    def normalise(native_type: str, kwargs: Kwargs) -> Mapping[str, Change] | None:
        given = {name: _in_this_folder(value) for name, value in kwargs.items()}
        seen = observer.observe(native_type, given, channels=frozenset((EXCEPTION, NORMALISATIONS)))
        return seen.normalisations if seen.exception is None else None

    rules = load_proposed(_CORPORA / engine / "invariants.proposed.yaml").rules
    return unsettled_normalisations(rules, normalise) + order_dependent_normalisations(rules, normalise)


def _in_this_folder(value: Any) -> Any:
    """An observed value as the library held it: given back to the library, it must be the same path again."""
    return value.replace("<cwd>", os.getcwd()) if isinstance(value, str) else value
