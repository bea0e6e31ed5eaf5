"""llem-mine: all commands that produce a corpus."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final, NoReturn

from miners.build import class_command, guesses, probe_command
from miners.build import command as build
from miners.causes import command as causes
from miners.discovery import command as discovery
from miners.history import command as history
from miners.ledger import command as ledger
from miners.ledger import why_command
from miners.measure import carried_command, compare_modes
from miners.measure import command as measure
from miners.memory import command as memory
from miners.memory import split_command
from miners.process.commands import REFUSED
from miners.refresh import command as refresh
from miners.refresh import release_command
from miners.releases import command as releases
from miners.runs import certify_command, funnel_command, gates_command
from miners.schema import command as schema
from pytest_llem_invariants.process.arguments import Parser
from pytest_llem_invariants.process.leaving import leave
from pytest_llem_invariants.text.terminal import Answer, guarded

_COMMANDS: Final = (
    build,
    probe_command,
    class_command,
    measure,
    discovery,
    memory,
    split_command,
    schema,
    history,
    refresh,
    release_command,
    releases,
    compare_modes,
    carried_command,
    ledger,
    why_command,
    causes,
    certify_command,
    gates_command,
    funnel_command,
    guesses,
)
"""The modules that add a command, in the order of `--help`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. An error that the user can fix is one sentence and exit status 2."""

    def chosen(_: Answer) -> int:
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        return status

    return guarded("llem-mine", chosen)


def command() -> NoReturn:
    """Run `main`, then exit at once: a process that imported a large library need not collect its garbage."""
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

    for module in _COMMANDS:
        module.register(commands)
    return parser
