from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.discovery.toy import install, mine


@pytest.fixture(scope="session")
def toy_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy's project with its schema discovered; not to be changed."""
    project = install(tmp_path_factory.mktemp("toy"))
    run = mine(project, "discover", "toy")
    assert run.returncode == 0, run.stderr
    return project


@pytest.fixture(scope="session")
def toy_schema(toy_project: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((toy_project / "corpora/toy/schema.discovered.json").read_text())
    return schema
