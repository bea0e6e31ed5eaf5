"""A grid of a million combinations with twenty interacting rules: counted, and its first valid ones given.

Bounds: under one second, memory constant (the second figure is for a grid a thousand times as large).
"""

from __future__ import annotations

import resource
import sys
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checker_corpus import SAMPLING, checker_of, make_rule

from pytest_llem_invariants.model import Corpus


def main() -> None:
    for fields in (10, 15):
        names = [f"f{number}" for number in range(fields)]
        rules = []
        for number in range(20):
            first, second = names[number % fields], names[(number * 3 + 1) % fields]
            fields_of = {first: {">": f"@{second}"}} if number % 4 == 0 and first != second else {}
            rules.append(make_rule(f"r{number}", SAMPLING, fields_of or {first: {">": 2}, second: {"<": 1}}))
        corpus = Corpus("1.1.0", "bench", "1.0", "2026-01-01T00:00:00Z", tuple(rules))
        checker = checker_of(corpus)
        began = time.perf_counter()
        pruned = checker.prune({name: [0, 1, 2, 3] for name in names}, native_type=SAMPLING)
        valid = pruned.valid
        counted = time.perf_counter()
        first_valid = sum(1 for _ in islice(pruned, 100_000))
        walked = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{pruned.total:,} combinations, {valid:,} valid: counted in {counted - began:.3f} s, "
            f"{first_valid:,} given in {walked - counted:.3f} s, peak memory {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
