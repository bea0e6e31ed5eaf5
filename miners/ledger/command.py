"""`llem-mine ledger`: which effects of an engine are covered, and which are not."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miners.ledger.met import MET
from miners.process.commands import add_engine
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.ssot import data_root, load_ssot
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.ledger.entries import Ledger
    from miners.ledger.met import Counts, Met


def register(commands: Any) -> None:
    """Add the command to the subparsers of `llem-mine`."""
    parser = commands.add_parser(
        "ledger", help="list the effects in the library's code: which rules cover each, or why none does"
    )
    add_engine(parser)
    parser.add_argument(
        "--class", dest="name", metavar="NAME", help="only the effects that configs of this class reach"
    )
    parser.add_argument(
        "--all", dest="every", action="store_true", help="list each effect with its rules, or why it has none"
    )
    parser.add_argument(
        "--missing",
        action="store_true",
        help="of each effect that lacks a rule: the facts it needs, the worlds tried, what is missing; "
        "what most configs of published models come by first",
    )
    parser.add_argument(
        "--met", type=Path, metavar="FILE", help=f"what they come by (default corpora/ENGINE/{MET}, of `fuzz --met`)"
    )
    parser.add_argument("--json", action="store_true", help="print the ledger as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.ledger.files import LEDGER, load_ledger, render_ledger
    from miners.ledger.show import show

    if options.met is not None and not options.missing:
        raise LlemError("--met is about what is missing — add --missing")
    ledger = load_ledger(data_root() / "corpora" / options.engine / LEDGER)
    if options.missing:
        return _missing(options, ledger)
    if options.name is not None:
        ledger = ledger.of_class(options.name)
    say(render_ledger(ledger).removesuffix("\n") if options.json else show(ledger, every=options.every))
    return 0


def _missing(options: argparse.Namespace, ledger: Ledger) -> int:
    from miners.ledger.missing import missing_data, show_missing, ways

    met = _met(options, ledger)
    counts = {} if met is None else _counts(options.engine, met)
    if options.name is not None:
        ledger = ledger.of_class(options.name)
        kept = {entry.place for entry in ledger.entries}
        counts = {at: found for at, found in counts.items() if at in kept}
    found = ways(ledger, counts)
    say(missing_data(ledger, found, met) if options.json else show_missing(ledger, found, met, every=options.every))
    return 0


def _met(options: argparse.Namespace, ledger: Ledger) -> Met | None:
    """What was met, of this very version: lines of another one are not the same statements."""
    from miners.ledger.met import load_met

    path: Path = options.met or data_root() / "corpora" / options.engine / MET
    if not path.exists() and options.met is None:
        return None
    met = load_met(path)
    if (met.engine, met.engine_version) == (ledger.engine, ledger.engine_version):
        return met
    if options.met is None:
        return None
    raise LlemError(
        f"{path}: met with {met.engine} {met.engine_version}, and the ledger is of {ledger.engine_version} — "
        f"measure anew: llem-mine fuzz {options.engine} --models DIR --met {path}"
    )


def _counts(engine: str, met: Met) -> dict[str, Counts]:
    """How often each statement refused, and how often the rules of today tell it."""
    from miners.discovery.published import Foresees, published_in, usual_arguments
    from miners.ledger.met import counted
    from pytest_llem_invariants.checker import Checker
    from pytest_llem_invariants.engines.tiny_model import model_like

    folder = data_root() / met.models
    folders = {name: str(model_like(config)) for name, config in published_in(folder).items()}
    foresees = Foresees(Checker.load(engine, root=data_root()), usual_arguments(load_ssot(engine)))
    lost = sorted({one.model for one in met.refused} - folders.keys())
    if lost:
        raise LlemError(f"{folder}: no config of {lost[0]}, which was met — measure anew with the models of today")
    return counted((one, foresees(folders[one.model], one.machine, one.kwargs)) for one in met.refused)
