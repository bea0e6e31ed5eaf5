"""llem-mine release: what is released next becomes a section of the changelog, and the project's version."""

from __future__ import annotations

import argparse
from typing import Any

from miners.process.commands import DIFFERS, OK
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.atomic import today, write_atomically
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser = commands.add_parser("release", help="write the changelog's section and the version of the next release")
    parser.add_argument("version", help="the version, X.Y.Z; with --check the tag, vX.Y.Z")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the tag is not of this tree")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.refresh.release import problems, release

    root = data_root()
    if options.check:
        found = [*problems(root, options.version)]
        for problem in found:
            say(problem)
        return DIFFERS if found else OK
    made = release(root, options.version, today())
    for name, text in made.texts.items():
        write_atomically(root / name, text)
    for name in made.used:
        (root / name).unlink()
    say(f"wrote {' and '.join(made.texts)}; {len(made.used)} fragments are in it. Review it, then:")
    say(f"  git commit -am 'Release {options.version}' && git tag v{options.version} && git push --tags")
    return OK
