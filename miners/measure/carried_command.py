"""llem-mine carried: which proven rules are heard where people write them, and why the others are not."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from miners.process.commands import OK, add_engine
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "carried", help="which rules of the config classes are heard of the flat arguments, and why the others are not"
    )
    add_engine(parser)
    parser.add_argument("--all", action="store_true", help="each rule that is not heard, with its reason")
    parser.add_argument("--json", action="store_true", help="every rule as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.measure.carried import carried, told
    from pytest_llem_invariants.checker import Checker
    from pytest_llem_invariants.checker.layout import PROPOSED
    from pytest_llem_invariants.corpus.files import load_proposed

    checker = Checker.load(options.engine, root=data_root())
    forms = checker.routes.get("forms", {})
    front = next((form["class"] for form in forms.values() if "parser" in form or form.get("flags")), None)
    if front is None:
        raise MinerError(f"{options.engine} has no command that builds its config classes from flat arguments")
    kinds = (kind["class"] for form in forms.values() for kind in form.get("kinds", ()))
    others = {*kinds, *(form["class"] for form in forms.values())} - {front}
    inside = (checker.class_checker(name).sections.values() for name in others if name in checker.native_types)
    others = others.union(*inside)
    corpus = load_proposed(Path(data_root()) / "corpora" / options.engine / PROPOSED)
    found = list(carried(corpus.rules, checker, front, others))
    if options.json:
        print(json.dumps([{"rule": one.rule, "how": one.how, "missing": one.missing} for one in found], indent=2))
    else:
        say(f"{checker.engine} {checker.version}: {len(found)} rules of the classes behind {front}")
        for line in told(found, every=options.all):
            say(line)
    return OK
