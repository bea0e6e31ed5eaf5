"""A process of its own in which examples are tried again: it knows nothing of what was asked before."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_llem_invariants.plugin.bench import Bench
from pytest_llem_invariants.plugin.options import Settings
from pytest_llem_invariants.plugin.shelf import Volume
from pytest_llem_invariants.replay.wire import to_line


def main() -> None:
    """A rule's name on each line of its input, what the library did on each line of its output."""
    path, engine, timeout, *isolation = sys.argv[1:]
    asked, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)  # the library gets neither
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    volume = Volume(Path(path), engine)
    bench = Bench(volume, Settings(engine, isolate=bool(isolation), timeout=float(timeout)))
    bench.prepare()
    rules = {rule.id: rule for rule in volume.corpus.rules}
    for line in iter(asked.readline, b""):
        written = memoryview(to_line(bench.observe(rules[line.decode().strip()])) + b"\n")
        while written:
            written = written[os.write(answers, written) :]


if __name__ == "__main__":
    main()
