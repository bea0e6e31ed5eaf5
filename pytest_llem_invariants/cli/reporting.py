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
    how = formats.How(
        colours=stdout_is_terminal(options.color),
        uncertified=options.require_certified,
        undecided=options.require_decided,
        verbose=options.verbose,
    )
    _write(checked, how, options)
    text = _in(options.format, checked, how)
    if text:
        print(text)


def _in(form: str, checked: Sequence[Checked], how: formats.How) -> str:
    text: str = import_module(f"{formats.__name__}.{form}").render(checked, how)
    return text


def _write(checked: Sequence[Checked], how: formats.How, options: argparse.Namespace) -> None:
    """The files that were asked for beside what is printed. A CI job's summary may have earlier parts."""
    if options.summary:
        with open(options.summary, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(_in("markdown", checked, how) + "\n")
    if options.sarif:
        from pathlib import Path

        from pytest_llem_invariants.text.atomic import write_atomically

        write_atomically(Path(options.sarif), _in("sarif", checked, how) + "\n")
