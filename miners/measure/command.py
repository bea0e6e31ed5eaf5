"""llem-mine fuzz."""

from __future__ import annotations

import argparse
import pickle
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from miners.ledger.met import MET
from miners.process.commands import DIFFERS, OK, add_engine, add_workers
from miners.process.roles import Installed, Terms, check_roles, chosen
from miners.process.tasks import add_on
from pytest_llem_invariants.checker.layout import SOURCES
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.ssot import FOLDER, data_root
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.measure.fuzz import FuzzReport
    from miners.measure.prediction import Prediction
    from miners.surface.facts import ClassFacts
    from pytest_llem_invariants.engines.base import EngineAdapter

_PART: Final = "part"


def register(commands: Any) -> None:
    """Add the command to the subparsers of `llem-mine`."""
    parser = commands.add_parser("fuzz", help="measure with random configs how well the corpus predicts the library")
    add_engine(parser)
    parser.add_argument("--configs", type=int, default=10_000, metavar="N", help="configs per mode (default 10000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="random seed (default 0)")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="measure this corpus, not the packaged one")
    add_workers(parser)
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
    parser.add_argument(
        "--models",
        type=Path,
        metavar="DIR",
        help="ask beside the models whose config.json is in DIR, of arguments as people write them",
    )
    parser.add_argument(
        "--gpu",
        action="append",
        metavar="SPEC",
        help="with --models: on this machine (default H100:8, A100-40GB:2, T4:1)",
    )
    parser.add_argument(
        "--met",
        type=Path,
        metavar="FILE",
        help=f"with --models: write what the library refuses to FILE (corpora/ENGINE/{MET}), for `ledger --missing`",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_on(parser)
    parser.add_argument("--part", type=Path, metavar="FILE", help=argparse.SUPPRESS)
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
    if options.models is not None:
        return _beside_models(options, adapter)
    if options.met is not None:
        raise LlemError("--met is about published models — give their folder with --models")
    check_roles(Installed(adapter), ("invariants",), Terms(other_version=True))
    chosen(adapter.native_types(), options.classes)
    asking = Asking(adapter)
    path = options.corpus or data_root() / "corpora" / options.engine / "invariants.proposed.yaml"
    corpus = load_proposed(path)
    prediction = Prediction(Checker.load(options.engine, corpus=options.corpus, root=data_root()), adapter)
    surface = engine_surface(adapter)
    constants = [value for rule in corpus.rules for value in constants_of(rule.match.fields)]
    if options.on is not None and (options.worlds is not None or options.corpus is not None):
        raise LlemError("--on cannot be combined with --worlds or --corpus — leave one out")
    if options.worlds is not None:
        return _in_worlds(options, adapter, surface, prediction, constants)
    here = Sides(asking.raises, prediction, asking.no_verdict, prediction.rules)
    draw = Draw(options.configs, options.seed, classes=options.classes, constants=constants)
    if options.on is None:
        report = fuzz(surface, here, draw, workers=options.workers)
    else:
        report = _elsewhere(options, sorted(options.classes or surface))
    if options.part is not None:
        options.part.write_bytes(pickle.dumps(report.classes))
        return OK
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


def _elsewhere(options: argparse.Namespace, names: Sequence[str]) -> FuzzReport:
    """A task for each class, wherever the tasks run; the same report as here."""
    from miners.measure.fuzz import MODES, FuzzReport
    from miners.process.tasks import Task, dispatch, files_in

    root, engine, share = data_root(), options.engine, -(-options.configs // max(len(names), 1))
    drawn = (f"--configs={share}", f"--seed={options.seed}", "--workers=1", f"--part={_PART}")
    tasks = [Task(name, ("fuzz", engine, "--class", name, *drawn), (_PART,)) for name in names]
    given = files_in(root, (FOLDER, *(f"corpora/{engine}/{name}" for name in SOURCES)))
    parts = []
    with dispatch(options) as sent:
        for found in sent.results(f"fuzz of {engine}", tasks, given):
            if isinstance(found, LlemError):
                raise found
            parts += pickle.loads(found[_PART])  # of our own code, which may do there what it may do here
    return FuzzReport(options.seed, tuple(one for mode in MODES for one in parts if one.mode == mode))


def _commands(options: argparse.Namespace, adapter: EngineAdapter) -> int:
    from miners.measure.commands import fuzz_commands
    from pytest_llem_invariants.checker import Checker
    from pytest_llem_invariants.checker.argv_compiled import parsers_of
    from pytest_llem_invariants.ssot import installed_version

    checker = Checker.load(options.engine, version=installed_version(adapter.ssot), root=data_root())
    status = OK
    read = parsers_of(checker.routes)
    for name in sorted(read.intersection(adapter.ssot.adapter.get("commands", ()))):
        parser = checker.parser(name)
        if parser is None:
            raise LlemError(f"{options.engine}: no parser of {name} was discovered — run llem-mine discover")
        report = fuzz_commands(adapter, name, parser, options.commands, options.seed)
        say(f"{name}: {report.to_text()}")
        status = DIFFERS if report.differences else status
    return status


def _beside_models(options: argparse.Namespace, adapter: EngineAdapter) -> int:
    from miners.discovery.published import published_in
    from miners.ledger.met import render_met
    from miners.measure.fuzz import TYPE_CORRECT
    from miners.measure.published import MACHINES, by_guard, refused_in
    from miners.measure.published_live import fuzz_published
    from pytest_llem_invariants.checker import Checker

    if options.worlds is not None or options.drop or options.least_recall is not None or options.classes:
        raise LlemError(
            "--models cannot be combined with --class, --worlds, --drop or --least-recall — leave these out"
        )
    configs = published_in(options.models)
    check_roles(Installed(adapter), ("invariants",), Terms(other_version=True))
    checker = Checker.load(options.engine, corpus=options.corpus, root=data_root())
    machines, drawn = tuple(options.gpu or MACHINES), (options.configs, options.seed, options.workers)
    report = fuzz_published(adapter, checker, configs, machines, drawn)
    say(report.to_json() if options.json else report.to_text() + by_guard(report))
    if options.met is not None:
        given = options.models.resolve()
        folder = given.relative_to(data_root()) if given.is_relative_to(data_root()) else given
        met = refused_in(report, options.engine, adapter.import_library(), folder.as_posix())
        write_atomically(options.met, render_met(met))
    return DIFFERS if report.false_rejections(TYPE_CORRECT) else OK


def _in_worlds(
    options: argparse.Namespace,
    adapter: EngineAdapter,
    surface: Mapping[str, ClassFacts],
    prediction: Prediction,
    constants: Collection[Any],
) -> int:
    from miners.measure.fuzz import drawer_of
    from miners.measure.world_draws import WorldDrawer
    from miners.measure.worlds import Trial, WorldSides, fuzz_worlds
    from miners.process.asking import Asking
    from pytest_llem_invariants.model import EMPTY

    if options.json or options.drop or options.least_recall is not None:
        raise LlemError("--worlds cannot be combined with --json, --drop or --least-recall — leave these out")
    asking = Asking(adapter)
    sides = WorldSides(
        asking.raises, lambda name, kwargs, world: prediction.beside(world)(name, kwargs), asking.no_verdict
    )
    drawer = drawer_of(surface, constants)
    ssot = adapter.ssot
    goes_with, comes_with = (ssot.adapter.get(key, EMPTY) for key in ("goes_with", "comes_with"))
    worlds = WorldDrawer(ssot.context, adapter.facts_together(), goes_with, comes_with)
    trial = Trial(surface, drawer, sides, worlds, options.worlds, options.seed)
    report = fuzz_worlds(trial, sorted(options.classes or surface), options.configs, workers=options.workers)
    say(report.to_text())
    return OK if report.is_sound else DIFFERS
