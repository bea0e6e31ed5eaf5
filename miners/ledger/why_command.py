"""`llem-mine why`: how a candidate or an effect became a rule, or why it did not."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from miners.process.commands import OK
from pytest_llem_invariants.ssot import data_root, known_engines, load_ssot
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to the subparsers of `llem-mine`."""
    parser = commands.add_parser("why", help="how a candidate or an effect became a rule, or why it did not")
    parser.add_argument(
        "target", metavar="RULE_OR_PLACE", help="a rule's id, a path:line of the ledger, or FILE:LINE of a staging file"
    )
    parser.add_argument("--engine", help=f"look only there: one of {', '.join(known_engines())}")
    parser.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="what `build --out FOLDER` wrote, not the corpora"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.ledger.files import LEDGER, load_ledger
    from miners.ledger.why import EngineFiles, why

    if options.folder is not None:
        shelves = [EngineFiles(load_ledger(options.folder / LEDGER).engine, options.folder, apart=True)]
    else:
        engines = known_engines() if options.engine is None else (load_ssot(options.engine).engine,)
        shelves = [EngineFiles(engine, data_root() / "corpora" / engine) for engine in engines]
    say(why(options.target, shelves))
    return OK
