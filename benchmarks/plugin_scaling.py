"""How much faster two workers are than one where a constructor takes a millisecond.

Bound: 1.6 times, on 30,000 rules. Give another number of rules as the argument for a quick look. Where the constructor
computes, two workers and the controller share the cores, which on a machine of two leaves less than two to the workers.
Where it waits, as one that reads files does, they do not compete.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plugin_project

RULES = 30000
COST = 0.001


def main() -> None:
    rules = int(sys.argv[1]) if len(sys.argv) > 1 else RULES
    for waits in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            plugin_project.make(folder, rules, COST, waits=waits)
            one, two = (plugin_project.run(folder, "-n", workers, "--llem-engine=idle").seconds for workers in "12")
        what = "waits" if waits else "computes"
        print(f"{rules} rules, it {what}: -n 1 {one:.1f} s, -n 2 {two:.1f} s: {one / two:.2f} times (at least 1.6)")


if __name__ == "__main__":
    main()
