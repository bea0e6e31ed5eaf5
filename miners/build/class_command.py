"""llem-mine class."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from miners.process.commands import OK
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to the subparsers of `llem-mine`."""
    parser = commands.add_parser("class", help="mine any class of any installed package")
    parser.add_argument("target", help="module:Class, or its dotted name")
    parser.add_argument("--base", metavar="YAML", help="keyword arguments that its constructor needs")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the corpus to this file instead of printing it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.build.one_class import examine
    from pytest_llem_invariants.corpus.files import dump, render_proposed

    examined = examine(options.target, base=options.base)
    text = render_proposed(examined.corpus)
    for note in examined.notes:
        say(f"llem-mine: {note}", file=sys.stderr)
    if options.out is None:
        sys.stdout.write(text)
    else:
        dump(options.out, text)
    return OK
