"""`llem-mine signals`: the causes of what runs found, and what else they show."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.causes.signals import Signal
    from pytest_llem_invariants.runs.digest import RunDigest

DIVERGES = 1


def register(commands: Any) -> None:
    """Add the command to the subparsers of `llem-mine`."""
    parser = commands.add_parser(
        "signals", help="tell the causes of what replays found: which fields are gone, which checks changed"
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="a digest, a folder given with --llem-out, or an engine; oldest first"
    )
    parser.add_argument("--all", action="store_true", help="list every cause and signal, not the first")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")
    parser.add_argument(
        "--threshold", action="append", default=[], metavar="NAME=N", help="from where on a signal is given"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.causes.signals import Thresholds, signals
    from miners.causes.summary import causes_of, releases_of
    from miners.causes.telling import headline, told
    from pytest_llem_invariants.runs.digest import read_digest

    thresholds = Thresholds().with_given(options.threshold)
    paths = _paths(options.runs)
    runs = [read_digest(path) for path in paths]
    if len({one.engine for one in runs}) > 1:
        raise MinerError("these are runs of several engines — name those of one")
    last = runs[-1]
    causes, found = causes_of(last), list(signals(runs, thresholds))
    if options.format == "json":
        data = {
            **_about(last),
            "divergences": len(last.divergences),
            "causes": [cause.as_data() for cause in causes],
            "signals": [signal.as_data() for signal in found],
        }
        say(json.dumps(data, indent=2, ensure_ascii=False))
        return DIVERGES if causes else 0
    if causes:
        say(headline(causes, last))
        for line in told(causes, last, releases_of(last), paths[-1], most=None if options.all else _MOST_CAUSES):
            say(line)
    _say_signals(found, every=options.all)
    return DIVERGES if causes else 0


def _about(run: RunDigest) -> dict[str, Any]:
    return {
        "engine": run.engine,
        "version": run.version,
        "corpus_version": run.corpus_version,
        "corpus": run.corpus,
        "certification": run.certification,
    }


_MOST = 5
_MOST_CAUSES = 8


def _say_signals(found: list[Signal], *, every: bool) -> None:
    for kind in dict.fromkeys(signal.type for signal in found):
        of_kind = [signal for signal in found if signal.type == kind]
        say(f"{kind.replace('_', ' ')} ({len(of_kind)})")
        shown = of_kind if every or len(of_kind) <= _MOST + 1 else of_kind[:_MOST]
        for signal in shown:
            say(f"  {signal.locus}: {' '.join(signal.detail.split())[:200]}")
        if len(shown) < len(of_kind):
            say(f"  … and {len(of_kind) - len(shown)} more")


def _paths(words: list[str]) -> list[Path]:
    """The digests that the words name: a file, those of a folder of results, or those beside an engine's corpus."""
    from pytest_llem_invariants.runs.shelf import FOLDER, digests_in
    from pytest_llem_invariants.ssot import load_ssot

    found: list[Path] = []
    for word in words:
        path = Path(word)
        if path.is_file():
            found.append(path)
            continue
        is_folder = path.is_dir()
        folder = path if is_folder else data_root() / "corpora" / load_ssot(word).engine
        kept = digests_in(folder)
        if not kept:
            replay = f"pytest --llem-engine={f'ENGINE --llem-out={word}' if is_folder else word}"
            raise MinerError(f"no digest of a run in {folder / FOLDER} — replay first: {replay}")
        found += kept
    return found
