from __future__ import annotations

from pathlib import Path

import pytest

from tests.checker.demo import install


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds the demo engine, and is the current one, with a cache of its own."""
    install(tmp_path)
    monkeypatch.setenv("LLEM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path
