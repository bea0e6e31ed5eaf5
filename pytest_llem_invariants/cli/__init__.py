"""`llem-invariants`: check, explain, compare, export, sweep. A command imports only what it needs."""

from __future__ import annotations

import sys

from pytest_llem_invariants.errors import LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INVALID = 1
TROUBLE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line: 0 fine, 1 something is wrong with the config, 2 with the question."""
    from pytest_llem_invariants.cli.parser import parse

    try:
        options = parse(sys.argv[1:] if argv is None else list(argv))
        status: int = options.run(options)
        return status
    except LlemError as error:
        print(f"llem-invariants: {error}", file=sys.stderr)
    except BrokenPipeError:
        # The reader has seen enough; without this, Python would complain when it flushes at exit.
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        print("llem-invariants: interrupted", file=sys.stderr)
        return 130
    return TROUBLE
