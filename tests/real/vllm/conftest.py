"""What the tests of the real library share."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.base import EngineAdapter


@pytest.fixture(scope="module")
def adapter() -> EngineAdapter:
    adapter = get_adapter("vllm")
    adapter.import_library()
    return adapter
