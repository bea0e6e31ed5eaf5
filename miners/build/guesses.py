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
    from miners.build.producers import OneClass
    from miners.candidates.candidate import Candidate
    from pytest_llem_invariants.engines.base import EngineAdapter

Produce = Callable[["OneClass"], "Iterator[Candidate]"]


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
    from miners.build.producers import OneClass
    from miners.process.progress import Progress
    from miners.process.workers import forked
    from miners.surface import engine_surface
    from pytest_llem_invariants.engines import get_adapter

    def produced(name: str) -> list[Candidate]:
        return list(options.produce(OneClass(adapter, surface, name)))

    adapter = get_adapter(options.engine)
    if options.source is not None:
        return _from_source(options, adapter)
    version = check_roles(Installed(adapter), (options.role,), terms_of(options))
    surface = engine_surface(adapter)
    names = chosen(surface, options.classes)
    found: list[Candidate] = []
    title = "reading" if options.role == "static" else "asking"
    with Progress().step(title, total=len(names)) as step, forked(1, watch=step.asked) as pool:
        for candidates in pool.map(produced, names):
            found.extend(candidates)
            step.advance()
    return _tell(options.engine, version, found)


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


def _read(one: OneClass) -> Iterator[Candidate]:
    from miners.build.producers import read_class
    from miners.code.imported import ImportedReader

    for finding in read_class(one, ImportedReader(one.adapter.package)):
        yield from finding.candidates


def _lifted(one: OneClass) -> Iterator[Candidate]:
    from miners.lift import lift

    yield from lift(one.adapter, one.facts)


def _probed(one: OneClass) -> Iterator[Candidate]:
    from miners.build.producers import challenges_of, probe_class, probe_class_in_worlds
    from miners.build.sources import Sources
    from miners.code.imported import ImportedReader
    from miners.dynamic.worlds import Worlds
    from miners.gate.oracle import Oracle
    from miners.process.asking import asker

    read = tuple(_read(one))
    company = tuple(challenges_of(one))
    oracle = Oracle(asker(one.adapter), one.name)
    sources = Sources(one.adapter, one.surface, (), {}, (), ImportedReader(one.adapter.package))
    worlds = Worlds(oracle.raises, oracle.accepts, one.adapter.ssot.context, sources.facts_of(one.name))
    yield from probe_class_in_worlds(one, worlds, read)
    yield from probe_class(one, oracle, read, explained=lambda kwargs: False, company=company)


_PRODUCERS: Final[Mapping[str, tuple[Produce, str]]] = {
    "static": (_read, "read the validators' code"),
    "lift": (_lifted, "lift the metadata of types"),
    "dynamic": (_probed, "probe the library with the constants that its code names"),
}
