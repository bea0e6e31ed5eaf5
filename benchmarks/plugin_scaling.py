"""How much faster two workers are than one where a constructor takes a millisecond.

Bound: 1.6 times, on 30,000 rules. Give another number of rules as the argument for a quick look. Where the constructor
computes, two workers and the controller share the cores, which on a machine of two leaves less than two to the workers:
plain tests that compute as long show what pytest-xdist itself gives there. Where it waits, as one that reads files
does, they do not compete.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plugin_project

RULES = 30000
COST = 0.001
_PLAIN = """
import pytest, time
@pytest.mark.parametrize("number", range({tests}))
def test_computes(number):
    end = time.perf_counter() + {cost}
    while time.perf_counter() < end: pass
"""


def main() -> None:
    rules = int(sys.argv[1]) if len(sys.argv) > 1 else RULES
    for waits in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            plugin_project.make(folder, rules, COST, waits=waits)
            _say(f"{rules} rules, it {'waits' if waits else 'computes'}", folder, "--llem-engine=idle")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugin_project.make(folder, 1)
        (folder / "test_plain.py").write_text(_PLAIN.format(tests=3 * rules, cost=COST * 2 / 3))
        _say(f"{3 * rules} plain tests that compute as long", folder, "test_plain.py")


def _say(what: str, folder: Path, *arguments: str) -> None:
    one, two = (plugin_project.run(folder, "-n", workers, *arguments).seconds for workers in "12")
    print(f"{what}: -n 1 {one:.1f} s, -n 2 {two:.1f} s: {one / two:.2f} times (at least 1.6)", flush=True)


if __name__ == "__main__":
    main()
