"""llem-mine: everything that produces a corpus."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from miners.build import guesses, probe_command
from miners.build.command import _build, _class
from miners.discovery import command as discovery
from miners.history import command as history
from miners.ledger import command as ledger
from miners.measure import compare_modes as modes
from miners.measure.command import _fuzz
from miners.process.commands import REFUSED, _engine
from miners.process.roles import (
    add_terms,
)
from miners.schema import command as schemas
from pytest_llem_invariants.process.arguments import Parser
from pytest_llem_invariants.process.leaving import leave
from pytest_llem_invariants.text.terminal import Answer, guarded

if TYPE_CHECKING:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error that a user can mend is one sentence and exit status 2."""

    def command(_: Answer) -> int:
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        return status

    return guarded("llem-mine", command)


def command() -> NoReturn:
    """`main` as a command: what has imported a large library ends at once, and is not looked through for garbage."""
    from miners.process.workers import collect_seldom
    from pytest_llem_invariants.process.forks import no_input

    collect_seldom()
    no_input()
    try:
        status = main()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else REFUSED
    leave(status)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="llem-mine",
        description="Mine the rules that an inference engine hides about its own configuration.",
        epilog="First `llem-mine probe ENGINE`, then `llem-mine build ENGINE`, then `pytest --llem-engine=ENGINE`.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="mine, merge and prove: writes the proposed corpus and its ledger")
    _engine(build)
    build.add_argument("--check", action="store_true", help="write nothing; exit 1 where the committed corpus differs")
    build.add_argument("--workers", type=int, default=2, metavar="N", help="processes that prove (default 2)")
    build.add_argument(
        "--source", type=Path, metavar="PATH", help="a source tree or wheel to read instead: proposes, proves nothing"
    )
    build.add_argument(
        "--class", dest="classes", action="append", metavar="NAME", help="mine only this native type, into --out"
    )
    build.add_argument("--out", type=Path, metavar="FOLDER", help="write everything there instead of into the corpus")
    add_terms(build)
    build.set_defaults(run=_build)

    probe_command.register(commands)

    one = commands.add_parser("class", help="mine a class that nobody prepared")
    one.add_argument("target", help="module:Class, or its dotted name")
    one.add_argument("--base", metavar="YAML", help="keyword arguments without which it cannot be built")
    one.add_argument("--out", type=Path, metavar="FILE", help="write the corpus there instead of printing it")
    one.set_defaults(run=_class)

    fuzz = commands.add_parser("fuzz", help="random configs of every class: does the corpus predict the library?")
    _engine(fuzz)
    fuzz.add_argument("--configs", type=int, default=10_000, metavar="N", help="configs a mode (default 10000)")
    fuzz.add_argument("--seed", type=int, default=0, metavar="S", help="of the drawing (default 0)")
    fuzz.add_argument("--corpus", type=Path, metavar="FILE", help="a corpus file instead of the shipped rules")
    fuzz.add_argument("--workers", type=int, default=2, metavar="N", help="processes that draw and ask (default 2)")
    fuzz.add_argument("--class", dest="classes", action="append", metavar="NAME", help="only this native type")
    fuzz.add_argument("--least-recall", type=float, metavar="PERCENT", help="exit 1 below it, or on a false rejection")
    fuzz.add_argument("--drop", action="store_true", help="take the rules that rejected falsely out of the corpus")
    fuzz.add_argument("--json", action="store_true", help="the report as JSON")
    fuzz.set_defaults(run=_fuzz)

    discovery.register(commands)
    schemas.register(commands)
    history.register(commands)
    modes.register(commands)
    ledger.register(commands)
    guesses.register(commands)
    return parser
