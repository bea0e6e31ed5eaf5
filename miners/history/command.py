"""llem-mine history: make the corpora of an engine's earlier versions; it can be interrupted and resumed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from miners.process.commands import OK, add_engine
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import data_root, load_ssot
from pytest_llem_invariants.text.terminal import say

INCOMPLETE: Final = 1


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "history",
        help="mine and validate earlier versions of the engine; finished versions are skipped",
    )
    add_engine(parser)
    parser.add_argument("versions", nargs="*", help="only these (default: all of `history` in the SSOT)")
    parser.add_argument("--work", type=Path, metavar="DIR", help="folder for environments and unfinished corpora")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="number of worker processes (default 2)")
    parser.add_argument(
        "--again", action="store_true", help="mine a version again even if this code has already mined it"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.history.one_version import Making
    from miners.process.progress import Progress
    from pytest_llem_invariants.engines.tiny_model import cache_folder

    ssot = load_ssot(options.engine)
    unknown = [version for version in options.versions if version not in ssot.history]
    if unknown:
        raise MinerError(
            f"{ssot.engine}: {', '.join(unknown)} is not in the history — it names {', '.join(ssot.history) or 'none'}"
        )
    wanted = options.versions or [version for version in ssot.history if version != ssot.version]
    work = options.work or cache_folder() / "history"
    making = Making(ssot, data_root(), work, workers=options.workers, progress=Progress())
    failed = 0
    for version in wanted:
        try:
            say(f"{ssot.engine} {version}: {making.make(version, again=options.again)}", flush=True)
        except MinerError as error:
            failed += 1
            say(f"{ssot.engine} {version}: {error}", flush=True)
    return INCOMPLETE if failed else OK
