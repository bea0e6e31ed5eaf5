"""What the tests of the real library share."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from miners.discovery.architectures import KEY
from pytest_llem_invariants.checker.layout import MODELS
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.model import ContextField
from pytest_llem_invariants.ssot import data_root


@pytest.fixture(scope="module")
def adapter() -> EngineAdapter:
    adapter = get_adapter("vllm")
    adapter.import_library()
    return adapter


@pytest.fixture(scope="module")
def known(adapter: EngineAdapter) -> Mapping[str, ContextField]:
    """The declared facts, without those of an architecture that this version of the library does not tell any more."""
    path = data_root() / "corpora" / "vllm" / MODELS
    told = json.loads(path.read_text(encoding="utf-8"))["named"][KEY]["usual"]
    found = {
        name: field
        for name, field in adapter.ssot.context.items()
        if field.reading is None or field.reading.table != KEY or name in told
    }
    assert len(found) >= len(adapter.ssot.context) - 2
    return found
