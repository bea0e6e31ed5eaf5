"""What a first answer costs in a fresh process: loading the corpus, and the whole of `llem-invariants check`.

Bounds: loading 360 rules at most 25 ms on top of the import; the process at most 4 ×
`python -c "import argparse, json"`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checker_corpus import CONFIG, install

ROUNDS = 15
_LOAD = """
import time
from pytest_llem_invariants import Checker
began = time.perf_counter()
Checker.load("bench", root=".")
print((time.perf_counter() - began) * 1e3)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install(folder)
        os.environ["LLEM_CACHE_DIR"] = str(folder / "cache")
        _run([sys.executable, "-c", _LOAD], folder)  # made here and put into the cache
        time.sleep(2.5)  # a younger file is read to tell whether it changed
        (folder / "one.yaml").write_text("".join(f"{key}: {value}\n" for key, value in CONFIG.items()))
        (folder / "nested.yaml").write_text("n: 1\nstop: [a, b]\n")
        (folder / "one.json").write_text(json.dumps(CONFIG))
        # What the installed command does.
        program = "import sys; from pytest_llem_invariants.cli import main; sys.exit(main())"
        check = [sys.executable, "-c", program, "check", "--root", ".", "--engine", "bench"]
        baseline = [sys.executable, "-c", "import argparse, json"]
        loads = [float(_run([sys.executable, "-c", _LOAD], folder)[1]) for _ in range(ROUNDS)]
        print(f"load {min(loads):.1f} ms, median {statistics.median(loads):.1f} ms")
        for file in ("one.yaml", "one.json", "nested.yaml"):
            pairs = [(_run(baseline, folder)[0], _run([*check, file], folder)[0]) for _ in range(ROUNDS)]
            ratio = statistics.median(whole / base for base, whole in pairs)
            print(f"check {file}: {min(whole for _, whole in pairs) * 1e3:.0f} ms, {ratio:.2f} × the baseline")


def _run(command: list[str], folder: Path) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout


if __name__ == "__main__":
    main()
