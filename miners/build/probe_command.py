"""llem-mine probe: which producers may trust this library, and what keeps the others from doing so."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from miners.process.commands import OK, add_engine
from miners.process.roles import (
    Installed,
    Library,
    Terms,
    Tree,
    add_terms,
    check_classes,
    problems_of,
    terms_of,
    unheard,
    why_without,
)
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.ssot import ROLES, data_root
from pytest_llem_invariants.text.terminal import say

BLOCKED: Final = 2


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "probe", help="only check pins, landmarks and declared classes; exit 2 if a producer is blocked"
    )
    add_engine(parser)
    parser.add_argument("--producer", choices=ROLES, help="only this producer")
    parser.add_argument(
        "--source", type=Path, metavar="PATH", help="check this source tree or wheel, not the installed library"
    )
    add_terms(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.surface.source_classes import skeletons_of
    from miners.surface.source_version import source_version
    from pytest_llem_invariants.engines import get_adapter

    adapter = get_adapter(options.engine)
    if options.source is None:
        library: Library = Installed(adapter)
    else:
        skeletons = skeletons_of(options.source, adapter.package)
        library = Tree(adapter.ssot, skeletons, source_version(skeletons))
    terms = terms_of(options)
    say(f"{options.engine}: {library.ssot.library} {library.version}, {len(library.native_types())} native types")
    roles = ROLES if options.producer is None else (options.producer,)
    ready = [_is_ready(library, role, terms) for role in roles]
    ready.append(_has_classes(library, terms))
    for line in unheard(adapter) if options.source is None else ():
        say(f"  note: {line}; it changes nothing there")
    return OK if all(ready) else BLOCKED


def _is_ready(library: Library, role: str, terms: Terms) -> bool:
    """Print whether a producer may run, and if not, why."""
    reason = why_without(library.ssot, role)
    if reason is not None:
        say(f"  {role:10}  not for this engine: {reason}")
        return True
    problems = list(problems_of(library, (role,), terms))
    pin = library.ssot.miner_pins.get(role)
    said = f"pin {pin or 'none'}, {len(library.ssot.landmarks_of(role))} landmarks"
    say(f"  {role:10}  {'BLOCKED' if problems else 'ready'}: {said}")
    for problem in problems:
        say(f"    {problem}")
    return not problems


def _has_classes(library: Library, terms: Terms) -> bool:
    """Print which declared classes, and which classes of the last corpus, the library lacks."""
    from pytest_llem_invariants.corpus.files import load_proposed

    path = data_root() / "corpora" / library.ssot.engine / "invariants.proposed.yaml"
    before = {rule.native_type for rule in load_proposed(path).rules} if path.exists() else set()
    try:
        lines = check_classes(library, before, terms)
    except LlemError as error:
        say(f"  {'classes':10}  BLOCKED\n    {error}")
        return False
    for line in lines:
        say(f"  note: {line}")
    return True
