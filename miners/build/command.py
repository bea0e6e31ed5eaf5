"""llem-mine build."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miners.build.stages import STAGES
from miners.process.commands import OK, add_engine, add_workers, compare
from miners.process.roles import (
    NO_DYNAMIC_MINER,
    READING,
    Installed,
    Tree,
    add_terms,
    check_classes,
    check_roles,
    chosen,
    roles_of_build,
    terms_of,
    unheard,
)
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.build.earlier import Earlier
    from miners.build.pipeline import Crew
    from pytest_llem_invariants.engines.base import EngineAdapter
    from pytest_llem_invariants.model import Corpus
    from pytest_llem_invariants.runs.store import Store
    from pytest_llem_invariants.ssot import Ssot


def register(commands: Any) -> None:
    """Add the command to the subparsers of `llem-mine`."""
    parser = commands.add_parser(
        "build", help="mine the rules, prove them, and write the proposed corpus and its ledger"
    )
    add_engine(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the committed corpus differs")
    add_workers(parser)
    parser.add_argument(
        "--source",
        type=Path,
        metavar="PATH",
        help="read this source tree or wheel, not the installed library; proves nothing",
    )
    parser.add_argument(
        "--class", dest="classes", action="append", metavar="NAME", help="mine only this class, and write it to --out"
    )
    parser.add_argument(
        "--machine",
        metavar="NAME",
        help="mine on this pretended machine of the engine's file, and compare the result with the committed corpus",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write to this folder, not into corpora/")
    parser.add_argument(
        "--resume", action="store_true", help="go on with a build that was broken off, if nothing changed"
    )
    parser.add_argument(
        "--from",
        dest="first",
        choices=STAGES,
        metavar="STAGE",
        help=f"resume, but do this stage and the later ones again: {', '.join(STAGES)}",
    )
    add_terms(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.build.mined import ledger_of
    from miners.build.pipeline import build
    from miners.build.report import closing_table, hand_written_debt
    from miners.candidates.declared import is_claimed
    from miners.candidates.staging_files import write_fates
    from miners.ledger.files import LEDGER, render_ledger
    from miners.ledger.show import headline
    from miners.lift import undefined
    from miners.process.strangers import alone
    from miners.process.workers import aside
    from pytest_llem_invariants.corpus.files import dump
    from pytest_llem_invariants.engines import get_adapter

    if options.source is not None:
        return _build_from_source(options)
    if options.machine is not None:
        from miners.build.elsewhere import build_elsewhere

        return build_elsewhere(options)
    if options.classes is not None and options.out is None:
        raise LlemError("--class mines only a part of the corpus: give its folder with --out")
    path = data_root() / "corpora" / options.engine / "invariants.proposed.yaml"
    adapter = get_adapter(options.engine)
    alone(adapter.ssot)
    library, terms = Installed(adapter), terms_of(options)
    with aside(mined_before, adapter.ssot, path) as started:
        check_roles(library, roles_of_build(adapter.ssot), terms)
        earlier = started.result()
    previous = earlier.previous
    _say_what_is_not_mined(adapter)
    _say((*check_classes(library, _classes_of(previous), terms), *unheard(adapter), *undefined(adapter)))
    crew = _crew(options, adapter, earlier, path)
    wanted = None if options.classes is None else chosen(adapter.native_types(), options.classes)
    mined = build(adapter, crew, earlier, classes=wanted)
    text = _rendered(mined.corpus, previous, path, keep_moment=options.check)
    say(closing_table(mined))
    if options.out is not None:
        written = options.out / path.name
        dump(written, text)
        dump(options.out / LEDGER, render_ledger(ledger_of(mined, adapter.ssot)))
        write_fates(options.out, options.engine, mined.corpus.engine_version, mined.proven, mined.lost)
        say(f"wrote {written}; measure it: llem-mine fuzz {options.engine} --corpus {written}")
        return OK
    effects = ledger_of(mined, adapter.ssot)
    say(headline(effects))
    ssot, version = adapter.ssot, mined.corpus.engine_version
    for line in hand_written_debt(
        mined, previous, lambda rule: is_claimed(rule, ssot.native_type(rule.native_type), version)
    ):
        say(f"  {line}")
    if options.check:
        return max(compare(path, text), compare(path.with_name(LEDGER), render_ledger(effects)))
    dump(path, text)
    dump(path.with_name(LEDGER), render_ledger(effects))
    write_fates(path.parent, options.engine, mined.corpus.engine_version, mined.proven, mined.lost)
    say(f"wrote {path} and {LEDGER} beside it; prove it: pytest --llem-engine={options.engine} -n 2")
    return OK


def _crew(options: argparse.Namespace, adapter: EngineAdapter, earlier: Earlier, path: Path) -> Crew:
    """The workers; what they find is remembered beside what it depends on."""
    from miners.build.memory import Memory, parts_of
    from miners.build.pipeline import Crew
    from miners.process.progress import Progress

    classes = None if options.classes is None else sorted(options.classes)
    parts = parts_of(adapter, *earlier.read_by_jobs(whole=classes is None), classes)
    first = options.first or ("merge" if options.resume else None)
    memory = Memory.begin(_store(), f"{path.parent} {classes or ''}".strip(), parts, first, _tell)
    return Crew(Progress(), options.workers, memory=memory)


def crew_of_producer(adapter: EngineAdapter, earlier: Earlier, path: Path) -> Crew:
    """A worker whose jobs are those of a build of all classes: what either of them did is not done again."""
    from miners.build.memory import Memory, parts_of
    from miners.build.pipeline import Crew
    from miners.process.progress import Progress

    parts = parts_of(adapter, *earlier.read_by_jobs(whole=True), None)
    return Crew(Progress(), 1, memory=Memory.begin(_store(), str(path.parent), parts, "merge", lambda line: None))


def _store() -> Store:
    from pytest_llem_invariants.engines.tiny_model import cache_folder
    from pytest_llem_invariants.runs.store import FILE, Store

    return Store(cache_folder() / FILE, _tell)


def _tell(line: str) -> None:
    _say((line,))


def _classes_of(corpus: Corpus | None) -> set[str]:
    return set() if corpus is None else {rule.native_type for rule in corpus.rules}


def _say(lines: Iterable[str]) -> None:
    """Report on standard error what the build skips: it skips nothing silently."""
    for line in lines:
        say(f"llem-mine: {line}", file=sys.stderr)


def mined_before(ssot: Ssot, path: Path) -> Earlier:
    from miners.build.earlier import earlier_of

    return earlier_of(ssot, path)


def _rendered(corpus: Corpus, previous: Corpus | None, path: Path, *, keep_moment: bool) -> str:
    """The corpus as a file. The same rules give the same bytes, whenever they were mined."""
    from pytest_llem_invariants.corpus.files import render_proposed

    if previous is not None:
        as_before = render_proposed(replace(corpus, mined_at=previous.mined_at))
        if keep_moment or as_before == path.read_text(encoding="utf-8"):
            return as_before
    return render_proposed(corpus)


def _say_what_is_not_mined(adapter: EngineAdapter) -> None:
    reason = adapter.ssot.adapter.get(NO_DYNAMIC_MINER)
    if reason is not None:
        say(f"{adapter.ssot.engine} has no dynamic miner: {reason}")


def _build_from_source(options: argparse.Namespace) -> int:
    from miners.build.from_source import build_from_source
    from miners.surface.source_classes import skeletons_of
    from miners.surface.source_version import source_version
    from pytest_llem_invariants.corpus.files import dump, load_proposed
    from pytest_llem_invariants.engines import get_adapter

    adapter = get_adapter(options.engine)
    _say_what_is_not_mined(adapter)
    path = data_root() / "corpora" / options.engine / "invariants.proposed.yaml"
    skeletons = skeletons_of(options.source, adapter.package)
    previous = load_proposed(path) if path.exists() else None
    library, terms = Tree(adapter.ssot, skeletons, source_version(skeletons)), terms_of(options)
    check_roles(library, READING, terms)
    _say(check_classes(library, _classes_of(previous), terms))
    found = build_from_source(adapter.ssot, skeletons, previous=previous)
    text = _rendered(found.corpus, previous, path, keep_moment=options.check)
    say(found.to_text())
    if options.check:
        return compare(path, text)
    dump(path, text)
    say(f"wrote {path}; prove it where the library is installed: pytest --llem-engine={options.engine} -n 2")
    return OK
