"""How long a cold process takes to load a corpus: start of Python, imports, reading, every check.

Bound: under 0.35 s for 1,000 rules. The rules are those of a committed corpus, renamed and repeated; the second row has
them as another producer's YAML library writes them. Give a count of rules as argument.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import yaml

from pytest_llem_invariants.corpus.files import load_proposed, render_proposed
from pytest_llem_invariants.ssot import data_root

RUNS = 7
_CODE = "import sys; from pytest_llem_invariants.corpus.files import load_proposed; load_proposed(sys.argv[1])"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    source = load_proposed(data_root() / "corpora" / "transformers" / "invariants.proposed.yaml")
    rules = tuple(replace(source.rules[index % len(source.rules)], id=f"rule_{index}") for index in range(count))
    text = render_proposed(replace(source, rules=rules))
    print(f"python alone: {_seconds('pass'):.3f} s")
    with tempfile.TemporaryDirectory() as name:
        for label, written in (("as we write it", text), ("as others write it", yaml.safe_dump(yaml.safe_load(text)))):
            path = Path(name) / "invariants.proposed.yaml"
            path.write_text(written, encoding="utf-8")
            print(f"{count:,} rules, {len(written) / 1e6:.2f} MB, {label}: {_seconds(_CODE, str(path)):.3f} s")


def _seconds(code: str, *arguments: str) -> float:
    """The best of several processes: what else the machine does only ever adds."""
    best = float("inf")
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, *arguments], check=True)
        best = min(best, time.perf_counter() - started)
    return best


if __name__ == "__main__":
    main()
