"""llem-mine schema-diff, drift and digest: commands on schemas that were discovered before."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.schema.change import SchemaDiff

OK: Final = 0
DIFFERS: Final = 1


def register(commands: Any) -> None:
    """Add the commands to a parser's subcommands."""
    diff = commands.add_parser("schema-diff", help="list what changed between two schemas: safe and breaking changes")
    diff.add_argument("old", type=Path, help="the older schema.discovered.json, or its folder")
    diff.add_argument("new", type=Path, help="the newer one")
    diff.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="(default text)")
    diff.add_argument("--fail-on", choices=("breaking", "any"), metavar="breaking|any", help="exit 1 if there is one")
    diff.set_defaults(run=_diff)

    drift = commands.add_parser("drift", help="compare your own pydantic models with the engine's parameters")
    drift.add_argument("engine", help="an engine with a discovered schema")
    drift.add_argument(
        "--models", action="append", required=True, metavar="MODULE:CLASS[=TYPE]", help="a model, nested ones included"
    )
    drift.add_argument("--schema", type=Path, metavar="FILE", help="use this schema, not the engine's own")
    drift.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")
    drift.add_argument("--check", action="store_true", help="exit 1 on an unknown field or a type that disagrees")
    drift.set_defaults(run=_drift)

    digest = commands.add_parser("digest", help="write the reference pages on parameters, rules and schema changes")
    digest.add_argument("engines", nargs="*", metavar="engine", help="(default: every engine with a corpus or schema)")
    digest.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    digest.set_defaults(run=_digest)


def _diff(options: argparse.Namespace) -> int:
    from miners.discovery.render import load_schema
    from miners.schema.diff import diff_schemas
    from miners.schema.report import RENDERERS

    found: SchemaDiff = diff_schemas(load_schema(options.old), load_schema(options.new))
    sys.stdout.write(RENDERERS[options.format](found))
    counted = {"breaking": found.breaking, "any": found.differences}.get(options.fail_on, ())
    return DIFFERS if counted else OK


def _drift(options: argparse.Namespace) -> int:
    from miners.discovery.render import FILE, load_schema
    from miners.schema.drift import Target, drift_of, drift_text

    schema = load_schema(options.schema or data_root() / "corpora" / options.engine / FILE)
    sys.path.insert(0, os.getcwd())  # as `python -m` would: the models are the user's own
    drifts = [
        drift
        for target in map(Target.parse, options.models)
        for drift in drift_of(schema, target.load(), target.native_type)
    ]
    if options.format == "json":
        say(json.dumps([drift.as_data() for drift in drifts], indent=2, sort_keys=True))
    else:
        sys.stdout.write(drift_text(drifts))
    return DIFFERS if options.check and any(drift.drifted for drift in drifts) else OK


def _digest(options: argparse.Namespace) -> int:
    from miners.schema.digests import all_pages, engines_with_data, stale_pages
    from pytest_llem_invariants.text.atomic import write_atomically

    root = data_root()
    stale = []
    for engine in options.engines or engines_with_data(root):
        for relative, text in all_pages(engine, root).items():
            path = root / relative
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(relative)
                if not options.check:
                    write_atomically(path, text)
        for gone in stale_pages(engine, root):
            stale.append(gone)
            if not options.check:
                (root / gone).unlink()
    for relative in stale:
        done = "stale" if options.check else "wrote" if (root / relative).exists() else "removed"
        say(f"{done}: {relative}")
    return DIFFERS if options.check and stale else OK
