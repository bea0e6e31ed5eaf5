"""`llem-mine ledger`: which effects of an engine are covered, and which are not."""

from __future__ import annotations

import argparse
from typing import Any

from miners.process.commands import add_engine
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say


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
    parser.add_argument("--json", action="store_true", help="print the ledger as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.ledger.files import LEDGER, load_ledger, render_ledger
    from miners.ledger.show import show

    ledger = load_ledger(data_root() / "corpora" / options.engine / LEDGER)
    if options.name is not None:
        ledger = ledger.of_class(options.name)
    say(render_ledger(ledger).removesuffix("\n") if options.json else show(ledger, every=options.every))
    return 0
