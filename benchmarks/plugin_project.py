"""A project with a library that does next to nothing and a corpus of any size, for the plugin's benchmarks."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_LIBRARY = """
import threading, time
COST, WAITS = {cost}, {waits}
class Config:
    def __init__(self, size=0):
        if COST:
            end = time.perf_counter() + COST
            while time.perf_counter() < end:
                if WAITS: threading.Event().wait(COST)
        if size < 0:
            raise ValueError("size must not be negative at all")
        self.size = size
"""
_SSOT = """\
engine: idle
library: idlelib
version: "1.0"
image: null
miner_pins: {static: ">=1", dynamic: ">=1", discovery: ">=1", invariants: ">=1", schemas: ">=1"}
native_types:
  idlelib.Config: {class: "idlelib:Config"}
landmarks: ["idlelib:Config"]
loggers: [idlelib]
"""
_RULE = """\
- id: rule_{number}
  engine: idle
  library: idlelib
  invariant_under_test: Config rejects size {number}
  severity: error
  native_type: idlelib.Config
  miner_source: {{path: idlelib.py, method: __init__, line_at_scan: 9}}
  match:
    engine: idle
    fields:
      size: {{"==": -{number}}}
  kwargs_positive: {{size: -{number}}}
  kwargs_negative: {{size: {number}}}
  expected_outcome: {{outcome: error, emission_channel: runtime_exception}}
  message_template: size must not be negative at all
  references: [idlelib.py:9]
  added_by: manual_seed
  added_at: "2026-01-01"
"""
_HEAD = """\
schema_version: 1.1.0
engine: idle
engine_version: "1.0"
mined_at: "2026-01-01T00:00:00Z"
invariants:
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """One pytest run: how long, how much of it on a processor, how much memory at its peak, and its output."""

    seconds: float
    processor: float
    peak_mb: float
    output: str


def make(folder: Path, rules: int, cost: float = 0.0, *, waits: bool = False) -> None:
    """Lay the project out; `cost` is the time that one constructor takes, computing or waiting."""
    info = folder / "site" / "idlelib-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: idlelib\nVersion: 1.0\n")
    (folder / "site" / "idlelib.py").write_text(_LIBRARY.format(cost=cost, waits=waits))
    (folder / "engine_versions").mkdir()
    (folder / "engine_versions" / "idle.yaml").write_text(_SSOT)
    corpus = folder / "corpora" / "idle"
    corpus.mkdir(parents=True)
    text = _HEAD + "".join(_RULE.format(number=number) for number in range(1, rules + 1))
    (corpus / "invariants.proposed.yaml").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")


def run(folder: Path, *arguments: str) -> Timing:
    """One run of pytest there, in a process of its own; a run that fails ends the benchmark."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(folder / "site"), "PYTHONDONTWRITEBYTECODE": ""}
    # Without what another plugin of this environment brings: hypothesis imports itself when a run has ended.
    plugins = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    command = [sys.executable, "-m", "pytest", "-q", *plugins, *arguments]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Timing(seconds, processor, max(before.ru_maxrss, after.ru_maxrss) / 1024, done.stdout)
