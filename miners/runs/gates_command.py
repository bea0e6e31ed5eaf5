"""llem-mine gates: what would make an engine's replays faster, and what would not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from miners.process.commands import OK, add_engine
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import data_root, load_ssot
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "gates", help="what would make replays faster, by the digests of runs: GO, NO or INCONCLUSIVE for each lever"
    )
    add_engine(parser)
    parser.add_argument("--folder", type=Path, metavar="DIR", help="the folder of the results (default: the corpus's)")
    parser.add_argument("--json", action="store_true", help="the verdicts and shares as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.runs.gates import gates, reuse_rate, shares, told
    from pytest_llem_invariants.runs.digest import read_digest
    from pytest_llem_invariants.runs.shelf import FOLDER, digests_of

    engine = load_ssot(options.engine).engine
    folder = options.folder or data_root() / "corpora" / engine
    runs = [read_digest(path) for path in digests_of(folder, engine)]
    if not runs:
        out = f" --llem-out={options.folder}" if options.folder else ""
        raise MinerError(f"no digest of a run in {folder / FOLDER} — replay first: pytest --llem-engine={engine}{out}")
    if options.json:
        data = {
            "engine": engine,
            "runs": len(runs),
            "reuse_rate": reuse_rate(runs),
            "shares": shares(runs[-1].times),
            "times": asdict(runs[-1].times),
            "gates": [asdict(gate) for gate in gates(runs)],
        }
        print(json.dumps(data, indent=2))
        return OK
    for line in told(runs):
        say(line)
    return OK
