"""llem-mine discover: write the typed surface of an engine to its schema file."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miners.process.commands import OK, committed, compare, publish
from miners.process.roles import Installed, Library, Tree, add_terms, check_classes, check_roles, terms_of
from pytest_llem_invariants.errors import CorpusError, LlemError
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.discovery.models import Part
    from miners.discovery.walk import Schema


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "discover",
        help="write schema.discovered.json: every parameter with its type, default and description; and, of an engine "
        "that asks for it, models.discovered.json: which keys of a config.json tell which facts, and "
        "command.discovered.json: the parsers of its commands",
    )
    parser.add_argument("engine", help="the engine: the name of a file in engine_versions/")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file differs")
    parser.add_argument(
        "--part",
        metavar="TURN/OF",
        help="ask about one part of the types of models only, such as 3/8; what the file has of the others stays",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to this file, not to the engine's own")
    parser.add_argument("--only", choices=("commands", "models"), help="of what is discovered beside it this alone")
    parser.add_argument("--source", type=Path, metavar="PATH", help="read this source tree or wheel; import nothing")
    add_terms(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.discovery.render import FILE, in_circumstances_of, render_schema

    path: Path = options.out or data_root() / "corpora" / options.engine / FILE
    if options.only is not None:
        beside = [*_beside(path, options)]
        if options.check:
            return max([OK, *(compare(*one) for one in beside)])
        for one in beside:
            publish(*one)
        return OK
    schema = _by_import(options, path) if options.source is None else _from_source(options, path)
    beside = [*_beside(path, options)]
    if options.check:
        differs = compare(path, render_schema(in_circumstances_of(path, schema)))
        return max([differs, *(compare(*one) for one in beside)])
    say(summary(schema))
    found = render_schema(schema)
    with contextlib.suppress(CorpusError):  # a file that cannot be read is replaced
        as_before = render_schema(in_circumstances_of(path, schema))
        found = as_before if committed(path) == as_before else found
    for one in ((path, found), *beside):
        publish(*one)
    return OK


def _beside(path: Path, options: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """What is discovered beside a schema, each with its file.

    Nothing where nothing is imported, and of an engine that does not ask for it.
    """
    from miners.discovery.models import FILE as MODELS
    from miners.discovery.models import discover_models, render_models
    from miners.discovery.parsers import FILE as COMMANDS
    from miners.discovery.parsers import discover_commands, render_commands
    from miners.process.progress import Progress
    from pytest_llem_invariants.engines import get_adapter

    if options.source is not None:
        return
    part = part_of(options.part, path)
    adapter = get_adapter(options.engine)
    if "commands" in adapter.ssot.adapter and options.only in (None, "commands"):
        yield path.with_name(COMMANDS), render_commands(discover_commands(adapter))
    if "model_types" in adapter.ssot.adapter and options.only in (None, "models"):
        yield path.with_name(MODELS), render_models(discover_models(adapter, Progress(), part))


def part_of(asked: str | None, path: Path) -> Part:
    """Which types of models are asked about, and what the table beside a schema has of the others."""
    from miners.discovery.models import FILE, Part
    from pytest_llem_invariants.corpus.models_layout import read_types

    if asked is None:
        return Part(0, 1, {})
    turn, _, of = asked.partition("/")
    if not (turn.isdecimal() and of.isdecimal() and int(of)):
        raise LlemError(f"--part is {asked!r} — write it like 3/8: the third of eight parts")
    table = path.with_name(FILE)
    return Part(int(turn), int(of), read_types(table) if table.exists() else {})


def _by_import(options: argparse.Namespace, path: Path) -> Schema:
    from miners.discovery.elsewhere import Elsewhere
    from miners.discovery.walk import discover
    from pytest_llem_invariants.engines import get_adapter

    adapter = get_adapter(options.engine)
    with closing(Elsewhere(options.engine, data_root())) as elsewhere:
        _check(Installed(adapter), options, path)
        return discover(adapter, elsewhere)


def _from_source(options: argparse.Namespace, path: Path) -> Schema:
    from miners.discovery.source import discover_from_source
    from miners.surface.source_classes import skeletons_of
    from miners.surface.source_version import source_version
    from pytest_llem_invariants.engines import get_adapter

    adapter = get_adapter(options.engine)
    skeletons = skeletons_of(options.source, adapter.package)
    _check(Tree(adapter.ssot, skeletons, source_version(skeletons)), options, path)
    return discover_from_source(adapter.ssot, skeletons)


def _check(library: Library, options: argparse.Namespace, path: Path) -> None:
    """Reject a library whose schema would be wrong, or shorter without a message."""
    from miners.discovery.render import load_schema

    terms = terms_of(options)
    check_roles(library, ("discovery",), terms)
    before: dict[str, Any] = {}
    if path.exists():
        with contextlib.suppress(CorpusError):  # it is replaced
            before = load_schema(path)
    for line in check_classes(library, before.get("native_types", ()), terms):
        say(f"llem-mine: {line}", file=sys.stderr)


def summary(schema: Schema) -> str:
    """One line with what was found, and one with why not more."""
    counts: dict[str, int] = {}
    for limitation in schema["discovery_limitations"]:
        counts[limitation["reason"]] = counts.get(limitation["reason"], 0) + 1
    parameters = sum(len(fields) for group in ("engine_params", "sampling_params") for fields in schema[group].values())
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items())) or "none"
    return (
        f"{schema['engine']} {schema['engine_version']}: {len(schema['native_types'])} classes, "
        f"{parameters} parameters; limitations: {told}"
    )
