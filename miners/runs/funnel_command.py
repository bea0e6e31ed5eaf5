"""llem-mine funnel: how many candidates become rules, and at which stage and why the others do not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from miners.process.commands import OK, add_engine
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import data_root, load_ssot
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "funnel", help="how many candidates entered and left each stage of the last build, and why"
    )
    add_engine(parser)
    parser.add_argument("--folder", type=Path, metavar="DIR", help="the folder of the corpus (default: the engine's)")
    parser.add_argument("--json", action="store_true", help="the stages as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.candidates.staging_files import FOLDER, read_fates
    from miners.runs.funnel import funnel, paid, told
    from pytest_llem_invariants.checker.layout import PROPOSED, VALIDATED
    from pytest_llem_invariants.corpus.files import load_proposed, load_validated

    engine = load_ssot(options.engine).engine
    folder = options.folder or data_root() / "corpora" / engine
    fates = tuple(read_fates(folder, engine))
    if not fates:
        raise MinerError(f"no candidates in {folder / FOLDER} — build first: llem-mine build {engine}")
    validated = folder / VALIDATED
    corpus = load_proposed(folder / PROPOSED)
    stages = tuple(funnel(fates, corpus, load_validated(validated) if validated.exists() else None))
    if options.json:
        print(
            json.dumps(
                {
                    "engine": engine,
                    "stages": [{**asdict(replace(stage, why={})), "why": dict(stage.why)} for stage in stages],
                    "examples": [asdict(one) for one in paid(fates)],
                },
                indent=2,
            )
        )
    else:
        say(f"{engine} {corpus.engine_version}")
        for line in told(stages, paid(fates)):
            say(line)
    return OK
