"""`llem-invariants`: check, explain, compare, export, sweep. A command imports only what it needs."""

from __future__ import annotations

import sys

from pytest_llem_invariants.text.terminal import TROUBLE, Answer, guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["INVALID", "TROUBLE", "main"]

INVALID = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line. 0: fine, 1: the config has a problem, 2: the question cannot be answered."""

    def command(answer: Answer) -> int:
        from pytest_llem_invariants.cli.parser import parse

        options = parse(sys.argv[1:] if argv is None else list(argv))
        options.answer = answer
        status: int = options.run(options)
        return status

    return guarded("llem-invariants", command)
