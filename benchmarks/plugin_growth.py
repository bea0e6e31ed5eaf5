"""Whether an item of a large corpus costs what one of a small corpus costs: 300, 3,000 and 30,000 rules.

Bounds: time per item constant within 20 %, memory linear. What pytest needs to start is measured with one rule and
taken off. The time is the processor's, the best of three runs of the smaller sizes: the run is one process that never
waits, and what else the machine does only ever adds. Give smaller sizes as arguments for a quick look.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plugin_project

SIZES = (300, 3000, 30000)
CHECKS = 3
QUICK = 3000


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    with tempfile.TemporaryDirectory() as name:
        start = _run(Path(name) / "one", 1)
        print(f"start {start.processor:.2f} s, {start.peak_mb:.0f} MB")
        for rules in sizes:
            found = _run(Path(name) / str(rules), rules)
            items = rules * CHECKS
            each = (found.processor - start.processor) / items * 1e3
            memory = (found.peak_mb - start.peak_mb) / items * 1024
            print(f"{rules:6d} rules: {found.processor:7.2f} s, {each:.3f} ms and {memory:.1f} kB an item")


def _run(folder: Path, rules: int) -> plugin_project.Timing:
    folder.mkdir()
    plugin_project.make(folder, rules)
    runs = 3 if rules <= QUICK else 1
    timings = [plugin_project.run(folder, "-p", "no:xdist", "--llem-engine=idle") for _ in range(runs)]
    return min(timings, key=lambda timing: timing.processor)


if __name__ == "__main__":
    main()
