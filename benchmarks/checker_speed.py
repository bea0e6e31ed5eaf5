"""What a check costs: beside hand-written `if`s for the same rules, and with ten times the rules.

Bounds: 5 µs for a config of ten fields against 360 rules, 3 × the hand-written code; with 3,600 rules that touch other
fields at most 1.5 × the time. All in one run, in turns, so that a busy machine slows every candidate alike.
"""

from __future__ import annotations

import statistics
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checker_corpus import CONFIG, SAMPLING, by_hand, checker_of, corpus

CALLS = 20_000
ROUNDS = 15


def main() -> None:
    small, large = checker_of(corpus(360)), checker_of(corpus(3600))
    candidates: dict[str, Callable[[], object]] = {
        "by hand": lambda: by_hand(CONFIG),
        "360 rules": lambda: small.check(SAMPLING, CONFIG),
        "3,600 rules": lambda: large.check(SAMPLING, CONFIG),
    }
    assert small.check(SAMPLING, CONFIG).ok
    assert by_hand(CONFIG) == []
    rounds = [
        {name: timeit.timeit(call, number=CALLS) / CALLS * 1e6 for name, call in candidates.items()}
        for _ in range(ROUNDS)
    ]
    for name in candidates:
        print(f"{name:12} {min(one[name] for one in rounds):6.2f} µs")
    by_ratio = {
        "360 rules / by hand": [one["360 rules"] / one["by hand"] for one in rounds],
        "3,600 / 360 rules": [one["3,600 rules"] / one["360 rules"] for one in rounds],
    }
    for name, ratios in by_ratio.items():
        print(f"{name:20} {statistics.median(ratios):.2f} ×")


if __name__ == "__main__":
    main()
