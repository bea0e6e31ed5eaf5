"""The stand-in package as an engine, in a project of its own: nothing of it goes into corpora/."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STANDINS = ROOT / "tests" / "standins"
MINE = ("-c", "import sys; from miners.cli import main; sys.exit(main(sys.argv[1:]))")

SOURCE = ("--source", str(STANDINS), "--other-version")
"""The stand-in lacks classes that the library has."""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder that holds what is known of TensorRT-LLM and no corpus yet."""
    folder = tmp_path_factory.mktemp("standin")
    (folder / "engine_versions").mkdir()
    shutil.copy(ROOT / "engine_versions" / "tensorrt.yaml", folder / "engine_versions")
    (folder / "corpora").mkdir()
    (folder / "conftest.py").write_text("", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(project: Path) -> Run:
    """Run a Python module there; `installed` puts the stand-in where the library would be."""

    def go(*arguments: str, installed: bool, **environ: str) -> subprocess.CompletedProcess[str]:
        path = [str(ROOT), *([str(STANDINS)] if installed else [])]
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=project,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(path),
                "LLEM_ENVIRONMENT_KIND": "simulated",
                "LLEM_FROZEN_AT": "2026-01-02T03:04:05Z",
                "XDG_CACHE_HOME": str(project / "cache"),
                **environ,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return go
