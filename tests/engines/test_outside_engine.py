"""The guide to add an engine is followed from an empty folder to a checked config, with the file that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/add-an-engine.md").read_text(encoding="utf-8")

LIBRARY = """
class ServeOptions:
    def __init__(self, model, streams=1, queue=8, mode="fast"):
        self.model, self.streams, self.queue, self.mode = model, streams, queue, mode

    def resolve(self):
        return self

    def check(self, strict=False):
        if self.streams < 1:
            raise ValueError(f"streams must be at least 1, not {self.streams}")
        if self.queue < self.streams:
            raise ValueError(f"queue ({self.queue}) must hold at least streams ({self.streams})")
        if self.mode not in ("fast", "safe"):
            raise ValueError(f"mode must be 'fast' or 'safe', not {self.mode!r}")
"""


def test_an_engine_comes_from_the_guide_s_one_file(tmp_path: Path) -> None:
    site, project = tmp_path / "site", tmp_path / "project"
    info = site / "toyengine-2.0.0.dist-info"
    for folder in (info, project / "engine_versions", project / "corpora"):
        folder.mkdir(parents=True)
    (site / "toyengine.py").write_text(LIBRARY, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toyengine\nVersion: 2.0.0\n")
    shown = re.search(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    (project / "engine_versions/toy.yaml").write_text(shown[1], encoding="utf-8")
    (project / "config.json").write_text('{"model": "m", "streams": 0}')

    def run(*words: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=project,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT)))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    mine = ("-c", "from miners.cli import command; command()")
    assert "toy: toyengine 2.0.0, 1 native types" in run(*mine, "probe", "toy")
    assert "3 covered (100.0%)" in run(*mine, "build", "toy")
    assert "10 rules confirmed, 0 contradicted" in run("-m", "pytest", "-p", "no:cacheprovider", "--llem-engine=toy")
    check = ("-m", "pytest_llem_invariants.cli", "check", "--root", ".", "--engine", "toy", "--type", "ServeOptions")
    assert "streams must be at least 1, not 0\n  fix  set streams to at least 1" in run(*check, "config.json", status=1)
