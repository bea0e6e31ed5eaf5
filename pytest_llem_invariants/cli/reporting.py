"""What `check` prints: for people, for programs, for code scanning, for pull requests."""

from __future__ import annotations

from importlib import import_module

from pytest_llem_invariants.cli import formats
from pytest_llem_invariants.cli.parser import stdout_is_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_llem_invariants.cli.checked import Checked


def report(checked: Sequence[Checked], options: argparse.Namespace) -> None:
    """Print what was found in the format that was asked for; a format is imported when it is."""
    render = import_module(f"{formats.__name__}.{options.format}").render
    how = formats.How(
        colours=stdout_is_terminal(options.color),
        uncertified=options.require_certified,
        undecided=options.require_decided,
        verbose=options.verbose,
    )
    text = render(checked, how)
    if text:
        print(text)
