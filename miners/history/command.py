"""llem-mine history: make the corpora of an engine's earlier versions; it can be interrupted and resumed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from miners.process.commands import OK, add_engine, add_workers
from miners.process.tasks import add_on
from pytest_llem_invariants.errors import LlemError, MinerError
from pytest_llem_invariants.ssot import FOLDER, data_root, load_ssot
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
    add_workers(parser)
    parser.add_argument(
        "--again", action="store_true", help="mine a version again even if this code has already mined it"
    )
    add_on(parser)
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
    if options.on is not None:
        return _elsewhere(options, wanted)
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


def _elsewhere(options: argparse.Namespace, versions: Sequence[str]) -> int:
    """A task for each version, wherever the tasks run: an environment is made there once."""
    from miners.history.one_version import HANDED_ON
    from miners.process.tasks import Task, dispatch, files_in, put

    root, engine = data_root(), options.engine
    again = ("--again",) if options.again else ()
    tasks = [
        Task(
            f"{engine} {version}",
            ("history", engine, version, f"--workers={options.workers}", *again),
            (f"corpora/{engine}/history/{version}",),
        )
        for version in versions
    ]
    given = files_in(root, (FOLDER, *(f"corpora/{engine}/{name}" for name in HANDED_ON)))
    failed = 0
    with dispatch(options) as sent:
        for task, found in zip(tasks, sent.results(f"history of {engine}", tasks, given), strict=True):
            if isinstance(found, LlemError):
                failed += 1
                say(f"{task.name}: {found}", flush=True)
            else:
                put(root, found)
                say(f"{task.name}: {len(found)} files", flush=True)
    return INCOMPLETE if failed else OK
