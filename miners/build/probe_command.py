"""llem-mine probe: which producers may trust this library, and what keeps the others from doing so."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from miners.process.commands import OK, add_engine
from miners.process.probes import Probe, lines, probe, workflow_commands
from miners.process.roles import Installed, Library, Tree, add_terms, terms_of, unheard
from pytest_llem_invariants.ssot import FOLDER, ROLES, Ssot, data_root
from pytest_llem_invariants.text.terminal import say
from pytest_llem_invariants.text.yaml_reader import read_document

BLOCKED: Final = 2
_NO_TERMS: Final = {"other_version": False, "accept_lost": ()}


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
    parser.add_argument(
        "--format", choices=("text", "json", "github"), default="text", help="(default text); github: annotations"
    )
    add_terms(parser)
    parser.set_defaults(run=run)


def probed(engine: str, producer: str) -> int:
    """Probe the installed library on behalf of one producer."""
    return run(argparse.Namespace(engine=engine, producer=producer, source=None, format="text", **_NO_TERMS))


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
    roles = ROLES if options.producer is None else (options.producer,)
    found = probe(library, roles, _classes_before(library), terms_of(options))
    unused = unheard(adapter) if options.source is None else ()
    found = replace(found, notes=(*found.notes, *(f"{line}; it changes nothing there" for line in unused)))
    if options.format == "github":
        sys.stdout.writelines(f"{line}\n" for line in _annotations(found, library.ssot))
    elif options.format == "json":
        say(json.dumps(found.as_data(), indent=1, ensure_ascii=False))
    else:
        for line in lines(found):
            say(line)
    return BLOCKED if found.blocked else OK


def _annotations(found: Probe, ssot: Ssot) -> Iterator[str]:
    """What GitHub shows at the engine's file: `say` would take the sense out of a line that begins so."""
    document = read_document(ssot.path)
    at = {role: document.line_of(("miner_pins", role)) for role in ROLES}
    yield from workflow_commands(found, f"{FOLDER}/{ssot.path.name}", at)
    yield found.headline


def _classes_before(library: Library) -> list[str]:
    """The classes of the last corpus."""
    from pytest_llem_invariants.corpus.files import load_proposed

    path = data_root() / "corpora" / library.ssot.engine / "invariants.proposed.yaml"
    return sorted({rule.native_type for rule in load_proposed(path).rules} if path.exists() else ())
