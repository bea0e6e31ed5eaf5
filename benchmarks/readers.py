"""What the readers take for the files of folders, and `check` for a repository of 5,000 YAML files.

`python benchmarks/readers.py FOLDER…`: every file below them that has a trace of an engine, as `check` meets it, with
the median and the 90th percentile of each reader and its speed. A time is the least of seven,
in time of the processor: other work on the machine is not counted. Bounds: every reader
50 MB/s or 2 ms a file.
`python benchmarks/readers.py`: a repository that is written for it, one file in ten of which serves a model. Bound:
10 s on two cores.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.cli import main as command
from pytest_llem_invariants.readers.declared import Engine, engines, traces
from pytest_llem_invariants.readers.registry import read, reader_of

ROUNDS = 7
FILES = 5_000
SERVES = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: server-{number}
spec:
  template:
    spec:
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.1
          args: ["--model", "org/model-{number}", "--max-model-len", "{length}", "--tensor-parallel-size=2"]
          env:
            - name: VLLM_LOGGING_LEVEL
              value: INFO
          resources:
            limits:
              nvidia.com/gpu: "2"
"""
ANOTHER = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{number}
data:
  level: info
  replicas: "{length}"
"""


def main() -> None:
    if len(sys.argv) > 1:
        of_folders(sys.argv[1:])
    else:
        of_repository()


def of_folders(folders: list[str]) -> None:
    known = engines({name: Checker.load(name).routes for name in store.engines(store.data_root(None))})
    times: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            reader = reader_of(path.name)
            if reader is None or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8-sig", errors="replace")
            if any(trace in text for trace in traces(known)):
                times[reader.name].append((_least(path.name, text, known), len(text.encode()), str(path)))
    print(f"{'reader':12} {'files':>6} {'median':>9} {'p90':>9} {'mean':>9} {'speed':>11}")
    for name, found in sorted(times.items()):
        took = [one[0] * 1e3 for one in found]
        tenth = statistics.quantiles(took, n=10, method="inclusive")[8] if len(took) > 1 else took[0]
        speed = sum(one[1] for one in found) / sum(one[0] for one in found) / 1e6
        mean = statistics.fmean(took)
        times_told = " ".join(f"{one:6.2f} ms" for one in (statistics.median(took), tenth, mean))
        print(f"{name:12} {len(took):6} {times_told} {speed:6.1f} MB/s")
        for spent, size, path in sorted(found, reverse=True)[: int(os.environ.get("SLOWEST", "0"))]:
            print(f"    {spent * 1e3:8.2f} ms {size:9,} bytes {path}")


def _least(name: str, text: str, known: list[Engine]) -> float:
    """Seconds for one file; what a reader keeps for the next file it has from the first."""
    found: list[float] = []
    gc.collect(0)
    for _ in range(ROUNDS):
        began = time.process_time()
        read(name, text, known)
        found.append(time.process_time() - began)
    return min(found)


def of_repository() -> None:
    with tempfile.TemporaryDirectory() as name:
        for number in range(FILES):
            text = ANOTHER if number % 10 else SERVES
            file = Path(name) / f"part-{number // 100}" / f"file-{number}.yaml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text.format(number=number, length=1024 + number))
        said = io.StringIO()
        took: list[float] = []
        for _ in range(3):
            began = time.perf_counter()
            with contextlib.redirect_stdout(said):
                status = command(["check", name])
            took.append(time.perf_counter() - began)
        last = said.getvalue().strip().splitlines()[-1]
        print(f"{FILES:,} YAML files: {min(took):.1f} s, exit status {status}; {last}")


if __name__ == "__main__":
    main()
