"""What an item of ours costs beside an empty test, and how long a run takes from its last item to its exit.

Bounds: 3,000 items at most twice the wall time of 3,000 empty tests, in pairs; 0.5 s from the last item to the exit
for 1,000 rules.
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
            ratios, tails = [], []
            for _ in range(PAIRS):
                empty = plugin_project.run(folder, *workers, "test_empty.py")
                ours = plugin_project.run(folder, *workers, "--llem-engine=idle", "-p", "stamp")
                tails.append(time.time() - float((folder / "last.txt").read_text()))
                ratios.append(ours.seconds / empty.seconds)
                print(f"  empty {empty.seconds:.2f} s   ours {ours.seconds:.2f} s   tail {tails[-1]:.2f} s")
            print(
                f"{' '.join(workers)}: ratio {statistics.median(ratios):.2f} (at most 2), "
                f"last item to exit {statistics.median(tails):.2f} s (at most 0.5)"
            )


if __name__ == "__main__":
    main()
