"""`llem-mine static|lift|dynamic`: the guesses of one producer, before the gate."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from miners.process.commands import add_engine
from miners.process.roles import Installed, Tree, add_terms, check_roles, chosen, terms_of
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.build.pipeline import Crew
    from miners.build.sources import Sources
    from miners.candidates.candidate import Candidate
    from miners.surface.fields import Surface
    from pytest_llem_invariants.engines.base import EngineAdapter

Produce = Callable[["EngineAdapter", "Surface", "Sequence[str]"], "list[Candidate]"]
"""What a producer guesses of some of the classes."""


def register(commands: Any) -> None:
    """Add a command for each producer to the subparsers of `llem-mine`."""
    for name, (produce, what) in _PRODUCERS.items():
        parser = commands.add_parser(name, help=f"{what}; write its unproven guesses to _staging/")
        add_engine(parser)
        parser.add_argument("--class", dest="classes", action="append", metavar="NAME", help="only this class")
        if name != "dynamic":
            parser.add_argument(
                "--source", type=Path, metavar="PATH", help="read this source tree or wheel, not the installed library"
            )
        add_terms(parser)
        parser.set_defaults(run=_run, source=None, produce=produce, role=name if name != "lift" else "schemas")


def _run(options: argparse.Namespace) -> int:
    from miners.surface import engine_surface
    from pytest_llem_invariants.engines import get_adapter

    adapter = get_adapter(options.engine)
    if options.source is not None:
        return _from_source(options, adapter)
    version = check_roles(Installed(adapter), (options.role,), terms_of(options))
    surface = engine_surface(adapter)
    names = chosen(surface, options.classes)
    return _tell(options.engine, version, options.produce(adapter, surface, names))


def _from_source(options: argparse.Namespace, adapter: EngineAdapter) -> int:
    from miners.measure.compare_modes import read_source
    from miners.surface.source_classes import skeletons_of
    from miners.surface.source_version import source_version
    from pytest_llem_invariants.model import AddedBy

    skeletons = skeletons_of(options.source, adapter.package)
    library = Tree(adapter.ssot, skeletons, source_version(skeletons))
    check_roles(library, (options.role,), terms_of(options))
    chosen(library.native_types(), options.classes)
    found = [
        candidate
        for candidate in read_source(adapter.ssot, skeletons).candidates
        if (candidate.added_by is AddedBy.STATIC_MINER) is (options.role == "static")
        and (options.classes is None or candidate.native_type in options.classes)
    ]
    return _tell(options.engine, library.version, found)


def _tell(engine: str, version: str, found: Sequence[Candidate]) -> int:
    from miners.candidates.staging_files import write_guesses

    for name, count in Counter(candidate.native_type for candidate in found).items():
        say(f"{count:6d}  {name}")
    for path in write_guesses(data_root() / "corpora" / engine, engine, version, found):
        say(f"wrote {path}")
    say(f"{len(found)} guesses, none proven; `llem-mine build {engine}` tries them on the library")
    return 0


def _jobs(adapter: EngineAdapter, surface: Surface) -> tuple[Crew, Sources]:
    """The jobs of a build: it takes them over with --resume or --from, and what a build has done is not done again."""
    from miners.build.command import crew_of_producer, mined_before
    from miners.build.pipeline import sources_of

    path = data_root() / "corpora" / adapter.ssot.engine / "invariants.proposed.yaml"
    earlier = mined_before(adapter.ssot, path)
    return crew_of_producer(adapter, earlier, path), sources_of(adapter, surface, earlier)


def _read(adapter: EngineAdapter, surface: Surface, names: Sequence[str]) -> list[Candidate]:
    """What the code of classes says."""
    return [candidate for found in _findings(*_jobs(adapter, surface), names).values() for candidate in found]


def _findings(crew: Crew, sources: Sources, names: Sequence[str]) -> dict[str, list[Candidate]]:
    from miners.build.sources import Readings

    with sources.adapter.context(sources.adapter.default_context()):
        found = crew.each_shown("read", "reading", Readings(sources).of, [(name,) for name in names])
    return {name: [candidate for finding in found[name,] for candidate in finding.candidates] for name in names}


def _lift(adapter: EngineAdapter, surface: Surface, names: Sequence[str]) -> list[Candidate]:
    """What the types of classes say."""
    from miners.build.pipeline import lifted_by

    return [candidate for found in lifted_by(*_jobs(adapter, surface), names) for candidate in found]


def _probe(adapter: EngineAdapter, surface: Surface, names: Sequence[str]) -> list[Candidate]:
    """What the library's answers say, class after class. What the code says is taken over; a build probes what its own
    rules leave unexplained, so it asks anew.
    """
    from miners.process.progress import Progress
    from miners.process.workers import forked

    crew, sources = _jobs(adapter, surface)
    read = _findings(crew, sources, names)
    found: list[Candidate] = []
    with Progress().step("asking", total=len(names)) as step, forked(1, watch=step.asked) as pool:
        for candidates in pool.map(lambda name: list(_probed(sources, name, read[name])), names):
            found.extend(candidates)
            step.advance()
    return found


def _probed(sources: Sources, name: str, read: Sequence[Candidate]) -> Iterator[Candidate]:
    from miners.build.producers import challenges_of, probe_class, probe_class_in_worlds
    from miners.dynamic.worlds import Worlds
    from miners.gate.oracle import Oracle
    from miners.process.asking import asker

    one = sources.one(name)
    company = tuple(challenges_of(one))
    oracle = Oracle(asker(one.adapter), one.name)
    worlds = Worlds(oracle.raises, oracle.accepts, one.adapter.ssot.context, sources.facts_of(one.name))
    yield from probe_class_in_worlds(one, worlds, read)
    yield from probe_class(one, oracle, read, explained=lambda kwargs: False, company=company)


_PRODUCERS: Final[Mapping[str, tuple[Produce, str]]] = {
    "static": (_read, "read the validators' code"),
    "lift": (_lift, "lift the metadata of types"),
    "dynamic": (_probe, "probe the library with the constants that its code names"),
}
