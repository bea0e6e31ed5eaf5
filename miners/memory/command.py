"""llem-mine memory: write how much memory each type of model takes, as laws of its config."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from miners.process.commands import OK, committed, compare, publish
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "memory",
        help="write memory.discovered.json: of what lengths the tensors and caches of each type of model are made",
    )
    parser.add_argument("engine", help="the engine: the name of a file in engine_versions/")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file differs")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to this file, not to the engine's own")
    parser.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="T",
        help="study this type alone, and keep the others; repeatable",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="study so many types at once (default: 1)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.memory.discover import FILE, discover_memory, render_memory
    from miners.process.progress import Progress
    from pytest_llem_invariants.engines import get_adapter

    path: Path = options.out or data_root() / "corpora" / options.engine / FILE
    text = committed(path)
    before = json.loads(text) if options.type and text else {"spoken": [], "model_types": {}}
    adapter = get_adapter(options.engine)
    memory, without = discover_memory(
        adapter, options.type, Progress(), workers=options.workers, spoken=before["spoken"]
    )
    kept = {name: of for name, of in before["model_types"].items() if name not in options.type}
    memory["model_types"] = {**kept, **memory["model_types"]}
    found = render_memory(memory)
    say(f"{len(memory['model_types'])} types of models have laws, {len(without)} have none")
    for name, why in sorted(without.items()):
        say(f"  {name}: {' '.join(why.split())[:240]}")
    if options.check:
        return compare(path, found)
    publish(path, found)
    return OK
