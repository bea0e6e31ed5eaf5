from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.replay.observe import Observer
from tests.replay.fakes import write_library


@pytest.fixture(scope="session")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineAdapter]:
    root = write_library(tmp_path_factory.mktemp("project") / "root")
    sys.path.insert(0, str(root))
    yield get_adapter("fake", root)
    sys.path.remove(str(root))


@pytest.fixture(scope="session")
def observer(adapter: EngineAdapter) -> Observer:
    return Observer(adapter)
