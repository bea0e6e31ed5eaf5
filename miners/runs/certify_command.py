"""llem-mine certify: whether what an engine's corpora say was proven where anybody can prove it again."""

from __future__ import annotations

import argparse
import json
from typing import Any

from miners.process.commands import DIFFERS, OK, add_engine
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import Ssot, data_root, load_ssot
from pytest_llem_invariants.text.terminal import say


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "certify", help="check that every rule was replayed whole, in tox or a container; names what is missing"
    )
    add_engine(parser)
    parser.add_argument("versions", nargs="*", help="only these (default: the current one and all of the history)")
    parser.add_argument("--json", action="store_true", help="what is missing, as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from pytest_llem_invariants.checker.certifying import lacking

    ssot = load_ssot(options.engine)
    above = data_root() / "corpora" / ssot.engine
    found = {
        version: lacking(above if version == ssot.version else above / "history" / version, version)
        for version in _versions(ssot, options.versions)
    }
    if options.json:
        print(json.dumps({"engine": ssot.engine, "lacking": found}, indent=2))
    for version, missing in () if options.json else found.items():
        say(f"{ssot.engine} {version}: {'not certified' if missing else 'certified'}")
        for one in missing:
            say(f"  {one}")
    return DIFFERS if any(found.values()) else OK


def _versions(ssot: Ssot, wanted: list[str]) -> list[str]:
    known = list(dict.fromkeys((ssot.version, *ssot.history)))
    unknown = [version for version in wanted if version not in known]
    if unknown:
        raise MinerError(f"{ssot.engine} has no corpus of {', '.join(unknown)} — it has {', '.join(known)}")
    return wanted or known
