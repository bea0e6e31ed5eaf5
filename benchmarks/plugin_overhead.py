"""What an item of ours costs beside an empty test, and how long a run takes from its last item to its exit.

Bounds: 3,000 items at most twice the wall time of 3,000 empty tests, in pairs; 0.5 s from the last item to the exit
for 1,000 rules. The end of the empty tests, in which pytest and its workers leave, is told beside ours.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plugin_project

RULES = 1000
PAIRS = 5
_EMPTY = """
import pytest
@pytest.mark.parametrize("number", range(3000))
def test_nothing(number): pass
"""
_STAMP = """
import time, pathlib
def pytest_runtest_logreport(report):
    global last
    last = time.time()
def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        pathlib.Path("last.txt").write_text(repr(last))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugin_project.make(folder, RULES)
        (folder / "test_empty.py").write_text(_EMPTY)
        (folder / "site" / "stamp.py").write_text(_STAMP)
        for workers in (("-p", "no:xdist"), ("-n", "2")):
            ratios, ends, their_ends = [], [], []
            for _ in range(PAIRS):
                empty, their_end = _run(folder, *workers, "test_empty.py")
                ours, end = _run(folder, *workers, "--llem-engine=idle")
                ratios.append(ours / empty)
                ends.append(end)
                their_ends.append(their_end)
                print(f"  empty {empty:.2f} s, its end {their_end:.2f} s   ours {ours:.2f} s, its end {end:.2f} s")
            print(
                f"{' '.join(workers)}: ratio {statistics.median(ratios):.2f} (at most 2), last item to exit "
                f"{statistics.median(ends):.2f} s (at most 0.5; of empty tests {statistics.median(their_ends):.2f} s)"
            )


def _run(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds of the whole run, and of its end."""
    seconds = plugin_project.run(folder, *arguments, "-p", "stamp").seconds
    return seconds, time.time() - float((folder / "last.txt").read_text())


if __name__ == "__main__":
    main()
