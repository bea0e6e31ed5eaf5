"""The documented example of a package that adds an engine works as its documentation says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "llem-invariants-toy"

LIBRARY = """
__version__ = "2.0.0"
DEVICE = "cpu"

class ServeOptions:
    def __init__(self, model, streams=1):
        self.model, self.streams = model, streams
    def resolve(self):
        if self.streams > 4 and DEVICE == "cpu":
            raise ValueError(f"streams must be at most 4 on a {DEVICE}, not {self.streams}")
        return self
"""

QUESTION = """
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.replay.observe import Observer

observer = Observer(get_adapter("toy"))
print(type(observer.adapter).__name__, observer.adapter.native_types())
for device in ("cpu", "gpu"):
    seen = observer.observe("toyengine.ServeOptions", {"streams": 5}, context={"device": device}).exception
    print(device, seen and seen.message)
"""


CORPUS = """
schema_version: "1.2.0"
engine: toy
engine_version: "2.0.0"
mined_at: "2026-01-01T00:00:00Z"
context:
  device: {default: cpu, values: [cpu, gpu]}
rules:
  - id: toy_streams
    engine: toy
    library: toyengine
    invariant_under_test: "ServeOptions rejects more than four streams on a CPU"
    severity: error
    native_type: toyengine.ServeOptions
    miner_source: {path: toyengine.py, method: ServeOptions.resolve, line_at_scan: 9}
    match:
      engine: toy
      fields: {streams: {">": 4}, device: {"==": cpu}}
    kwargs_positive: {streams: 5}
    kwargs_negative: {streams: 4}
    expected_outcome: {outcome: error, emission_channel: runtime_exception}
    message_template: "streams must be at most 4"
    references: []
    added_by: manual_seed
    added_at: "2026-01-01"
"""


def test_the_example_package_adds_its_engine(tmp_path: Path) -> None:
    done = _run_beside_the_example(tmp_path, ["-W", "error", "-c", QUESTION])
    assert done.stdout.splitlines() == [
        "ToyAdapter ('toyengine.ServeOptions',)",
        "cpu streams must be at most 4 on a cpu, not 5",
        "gpu None",
    ], done.stderr


def test_the_rules_of_its_engine_are_replayed(tmp_path: Path) -> None:
    corpus = tmp_path / "invariants.proposed.yaml"
    corpus.write_text(CORPUS, encoding="utf-8")
    options = ["--llem-engine=toy", f"--llem-corpus={corpus}", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    done = _run_beside_the_example(tmp_path, ["-m", "pytest", *options, str(corpus)])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def _run_beside_the_example(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run Python where the library and the package are installed."""
    (folder / "toyengine.py").write_text(LIBRARY, encoding="utf-8")
    declared = (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")
    group = '[project.entry-points."llem_invariants.engines"]\n'
    entry = declared.partition(group)[2].partition("\n")[0].replace('"', "")
    for name, version, entries in (
        ("llem-invariants-toy", "0.1.0", f"[llem_invariants.engines]\n{entry}\n"),
        ("toyengine", "2.0.0", ""),
    ):
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entries)
    house = Path(__file__).parents[2]
    path = os.pathsep.join((str(folder), str(EXAMPLE / "src"), str(house)))
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def llem_engine_adapter(ssot):\n    return None\n", "has llem_engine_adapter without @hookimpl"),
        (
            "from pytest_llem_invariants.engines import hookimpl\n"
            "@hookimpl\ndef llem_engine_files():\n    return []\n"
            "def llem_engine_adapter(ssot):\n    return None\n",
            "has llem_engine_adapter without @hookimpl",
        ),
        ("def llem_engine_adaptor(ssot):\n    return None\n", "implements no hook"),
        (
            "from pytest_llem_invariants.engines import hookimpl\n"
            "@hookimpl\ndef llem_engine_adaptor(ssot):\n    return None\n",
            "unknown hook 'llem_engine_adaptor'",
        ),
        ("import nowhere_to_be_found\n", "No module named 'nowhere_to_be_found'"),
    ],
)
def test_a_package_whose_hooks_would_never_be_called_is_an_error(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "silent_engine.py").write_text(code, encoding="utf-8")
    info = tmp_path / "silent_engine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: silent-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[llem_invariants.engines]\nsilent = silent_engine\n")
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from miners.cli import main; sys.exit(main(['probe', 'transformers']))"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
