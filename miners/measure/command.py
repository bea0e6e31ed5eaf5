"""llem-mine fuzz."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miners.process.commands import DIFFERS, OK, add_engine
from miners.process.roles import Installed, Terms, check_roles, chosen
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.measure.prediction import Prediction
    from miners.surface.facts import ClassFacts
    from pytest_llem_invariants.engines.base import EngineAdapter


def register(commands: Any) -> None:
    """Add the command to the subparsers of `llem-mine`."""
    parser = commands.add_parser("fuzz", help="measure with random configs how well the corpus predicts the library")
    add_engine(parser)
    parser.add_argument("--configs", type=int, default=10_000, metavar="N", help="configs per mode (default 10000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="random seed (default 0)")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="measure this corpus, not the packaged one")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="number of worker processes (default 2)")
    parser.add_argument("--class", dest="classes", action="append", metavar="NAME", help="only this class")
    parser.add_argument(
        "--least-recall", type=float, metavar="PERCENT", help="exit 1 if recall is lower, or on a false rejection"
    )
    parser.add_argument("--drop", action="store_true", help="remove every rule with a false rejection from the corpus")
    parser.add_argument(
        "--worlds",
        type=int,
        metavar="N",
        help="also draw a world for each config; try in N worlds the configs that are rejected without facts",
    )
    parser.add_argument(
        "--commands",
        type=int,
        metavar="N",
        help="draw N command lines instead, and compare what the discovered parser makes of them with the live one",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.measure.fuzz import MODES, Draw, Sides, exceeds, fuzz
    from miners.measure.prediction import Prediction
    from miners.process.asking import Asking
    from miners.surface import engine_surface
    from pytest_llem_invariants.checker import Checker
    from pytest_llem_invariants.corpus.files import load_proposed
    from pytest_llem_invariants.engines import get_adapter
    from pytest_llem_invariants.language.inverse import constants_of

    adapter = get_adapter(options.engine)
    if options.commands is not None:
        return _commands(options, adapter)
    check_roles(Installed(adapter), ("invariants",), Terms(other_version=True))
    chosen(adapter.native_types(), options.classes)
    asking = Asking(adapter)
    path = options.corpus or data_root() / "corpora" / options.engine / "invariants.proposed.yaml"
    corpus = load_proposed(path)
    prediction = Prediction(Checker.load(options.engine, corpus=options.corpus, root=data_root()), adapter)
    surface = engine_surface(adapter)
    constants = [value for rule in corpus.rules for value in constants_of(rule.match.fields)]
    if options.worlds is not None:
        return _in_worlds(options, adapter, surface, prediction, constants)
    report = fuzz(
        surface,
        Sides(asking.raises, prediction, asking.no_verdict, prediction.rules),
        Draw(options.configs, options.seed, classes=options.classes, constants=constants),
        workers=options.workers,
    )
    say(report.to_json() if options.json else report.to_text())
    if options.drop:
        from miners.measure.drop import drop_accused

        for line in drop_accused(path, corpus, report.accused()):
            say(line)
    if options.least_recall is None:
        return OK
    broken = exceeds(report, dict.fromkeys(MODES, options.least_recall / 100))
    for sentence in broken:
        say(sentence, file=sys.stderr)
    return DIFFERS if broken else OK


def _commands(options: argparse.Namespace, adapter: EngineAdapter) -> int:
    from miners.measure.commands import fuzz_commands
    from pytest_llem_invariants.checker import Checker
    from pytest_llem_invariants.ssot import installed_version

    checker = Checker.load(options.engine, version=installed_version(adapter.ssot), root=data_root())
    status = OK
    for name in sorted(adapter.ssot.adapter.get("commands", ())):
        parser = checker.parser(name)
        if parser is None:
            raise LlemError(f"{options.engine}: no parser of {name} was discovered — run llem-mine discover")
        report = fuzz_commands(adapter, name, parser, options.commands, options.seed)
        say(f"{name}: {report.to_text()}")
        status = DIFFERS if report.differences else status
    return status


def _in_worlds(
    options: argparse.Namespace,
    adapter: EngineAdapter,
    surface: Mapping[str, ClassFacts],
    prediction: Prediction,
    constants: Collection[Any],
) -> int:
    from miners.measure.fuzz import drawer_of
    from miners.measure.worlds import Trial, WorldSides, fuzz_worlds
    from miners.process.asking import Asking

    if options.json or options.drop or options.least_recall is not None:
        raise LlemError("--worlds cannot be combined with --json, --drop or --least-recall — leave these out")
    asking = Asking(adapter)
    sides = WorldSides(
        asking.raises, lambda name, kwargs, world: prediction.beside(world)(name, kwargs), asking.no_verdict
    )
    drawer = drawer_of(surface, constants)
    together = adapter.facts_together()
    trial = Trial(surface, drawer, sides, adapter.ssot.context, options.worlds, options.seed, together)
    report = fuzz_worlds(trial, sorted(options.classes or surface), options.configs, workers=options.workers)
    say(report.to_text())
    return OK if report.is_sound else DIFFERS
