"""llem-mine layers: write which lengths of each type of model ranks split among them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from miners.memory.command import add_types
from miners.process.commands import OK, committed, compare, publish
from pytest_llem_invariants.checker.layout import LAYERS
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "layers",
        help="write layers.discovered.json: which lengths of the layers of each type of model ranks split among them",
    )
    parser.add_argument("engine", help="the engine: the name of a file in engine_versions/")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; look at the types of the file; exit 1 if it differs"
    )
    add_types(parser, "look at")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.memory.split import discover_split, render_split, spoken_in
    from miners.process.progress import Progress
    from pytest_llem_invariants.engines import get_adapter

    path: Path = options.out or data_root() / "corpora" / options.engine / LAYERS
    text = committed(path)
    before: dict[str, Any] = json.loads(text)["model_types"] if text else {}
    names = options.type or (sorted(before) if options.check else [])
    split, without = discover_split(get_adapter(options.engine), names, Progress(), workers=options.workers)
    kept = {name: of for name, of in before.items() if name not in names} if options.type else {}
    split["model_types"] = {**kept, **split["model_types"]}
    split["spoken"] = spoken_in(split["model_types"])
    found = render_split(split)
    say(f"of {len(split['model_types'])} types of models it is known what is split, of {len(without)} it is not")
    for name, why in sorted(without.items()):
        say(f"  {name}: {' '.join(why.split())[:240]}")
    if options.check:
        return compare(path, found)
    publish(path, found)
    return OK
