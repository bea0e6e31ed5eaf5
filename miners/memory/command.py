"""llem-mine memory: write how much memory each type of model takes, as laws of its config."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miners.process.commands import OK, add_workers, committed, compare, publish
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "memory",
        help="write memory.discovered.json: of what lengths the tensors and caches of each type of model are made",
    )
    parser.add_argument("engine", help="the engine: the name of a file in engine_versions/")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file differs")
    parser.add_argument(
        "--known", action="store_true", help="keep the laws of the file that hold in this version, too: it is quicker"
    )
    add_types(parser, "study")
    parser.set_defaults(run=run)


def add_types(parser: argparse.ArgumentParser, verb: str) -> None:
    """Which types of models are looked at, how many at once, and where what is found goes."""
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to this file, not to the engine's own")
    parser.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="T",
        help=f"{verb} this type alone, and keep the others; repeatable",
    )
    add_workers(parser, 1, f"{verb} so many types at once")


def run(options: argparse.Namespace) -> int:
    from miners.memory.discover import FILE, discover_memory, render_memory
    from miners.process.progress import Progress
    from pytest_llem_invariants.engines import get_adapter

    adapter = get_adapter(options.engine)
    if "laws" in adapter.ssot.adapter.get("memory", {}):
        return _confirmed(options, adapter)
    path: Path = options.out or data_root() / "corpora" / options.engine / FILE
    text = committed(path)
    there = json.loads(text) if text else {"spoken": [], "model_types": {}}
    before = there if options.type else {"spoken": [], "model_types": {}}
    memory, without = discover_memory(
        adapter,
        options.type,
        Progress(),
        workers=options.workers,
        spoken=before["spoken"],
        known=there["model_types"] if options.known else {},
    )
    kept = {name: of for name, of in before["model_types"].items() if name not in options.type}
    memory["model_types"] = {**kept, **memory["model_types"]}
    found = render_memory(memory)
    say(f"{len(memory['model_types'])} types of models have laws, {len(without)} have none")
    return _kept(options, path, found, without)


def _confirmed(options: argparse.Namespace, adapter: EngineAdapter) -> int:
    from miners.memory.confirm import confirm_memory, render_confirmed
    from miners.memory.discover import FILE
    from miners.process.progress import Progress

    found, without = confirm_memory(adapter, Progress())
    say(
        f"the laws of {found['laws']} are confirmed of {len(found['confirmed'])} types of models, of {len(without)} not"
    )
    path: Path = options.out or data_root() / "corpora" / options.engine / FILE
    return _kept(options, path, render_confirmed(found), without)


def _kept(options: argparse.Namespace, path: Path, found: str, without: Mapping[str, str]) -> int:
    for name, why in sorted(without.items()):
        say(f"  {name}: {' '.join(why.split())[:240]}")
    if options.check:
        return compare(path, found)
    publish(path, found)
    return OK
