"""llem-mine memory: write how much memory each type of model takes, as laws of its config."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.terminal import say

OK: Final = 0
DIFFERS: Final = 1


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
    committed = path.read_text(encoding="utf-8") if path.exists() else ""
    before = json.loads(committed) if options.type and committed else {"spoken": [], "model_types": {}}
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
        lines = list(
            difflib.unified_diff(committed.splitlines(True), found.splitlines(True), str(path), "what is found")
        )
        sys.stdout.writelines(line[:400] for line in lines)
        return DIFFERS if lines else OK
    if committed == found:
        say(f"{path} is up to date")
    else:
        write_atomically(path, found)
        say(f"wrote {path}")
    return OK
