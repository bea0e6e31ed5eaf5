"""llem-mine: everything that produces a corpus."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from miners import guesses, modes, probing
from miners.discovery import command as discovery
from miners.history import command as history
from miners.ledger import command as ledger
from miners.roles import (
    READING,
    Installed,
    Terms,
    Tree,
    add_terms,
    check_classes,
    check_roles,
    chosen,
    roles_of_build,
    terms_of,
    unheard,
)
from miners.schema import command as schemas
from pytest_llem_invariants.edge import Answer, guarded, say
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.leaving import leave
from pytest_llem_invariants.parsing import Parser
from pytest_llem_invariants.ssot import data_root, installed_version, known_engines

if TYPE_CHECKING:
    from miners.counterexamples import Counterexamples
    from pytest_llem_invariants.engines.base import EngineAdapter
    from pytest_llem_invariants.model import Corpus, Rule
    from pytest_llem_invariants.ssot import Ssot

OK: Final = 0
DIFFERS: Final = 1
REFUSED: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error that a user can mend is one sentence and exit status 2."""

    def command(_: Answer) -> int:
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        return status

    return guarded("llem-mine", command)


def command() -> NoReturn:
    """`main` as a command: what has imported a large library ends at once, and is not looked through for garbage."""
    from miners.workers import collect_seldom
    from pytest_llem_invariants.forks import no_input

    collect_seldom()
    no_input()
    try:
        status = main()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else REFUSED
    leave(status)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="llem-mine",
        description="Mine the rules that an inference engine hides about its own configuration.",
        epilog="First `llem-mine probe ENGINE`, then `llem-mine build ENGINE`, then `pytest --llem-engine=ENGINE`.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="mine, merge and prove: writes the proposed corpus and its ledger")
    _engine(build)
    build.add_argument("--check", action="store_true", help="write nothing; exit 1 where the committed corpus differs")
    build.add_argument("--workers", type=int, default=2, metavar="N", help="processes that prove (default 2)")
    build.add_argument(
        "--source", type=Path, metavar="PATH", help="a source tree or wheel to read instead: proposes, proves nothing"
    )
    build.add_argument(
        "--class", dest="classes", action="append", metavar="NAME", help="mine only this native type, into --out"
    )
    build.add_argument("--out", type=Path, metavar="FOLDER", help="write everything there instead of into the corpus")
    add_terms(build)
    build.set_defaults(run=_build)

    probing.register(commands)

    one = commands.add_parser("class", help="mine a class that nobody prepared")
    one.add_argument("target", help="module:Class, or its dotted name")
    one.add_argument("--base", metavar="YAML", help="keyword arguments without which it cannot be built")
    one.add_argument("--out", type=Path, metavar="FILE", help="write the corpus there instead of printing it")
    one.set_defaults(run=_class)

    fuzz = commands.add_parser("fuzz", help="random configs of every class: does the corpus predict the library?")
    _engine(fuzz)
    fuzz.add_argument("--configs", type=int, default=10_000, metavar="N", help="configs a mode (default 10000)")
    fuzz.add_argument("--seed", type=int, default=0, metavar="S", help="of the drawing (default 0)")
    fuzz.add_argument("--corpus", type=Path, metavar="FILE", help="a corpus file instead of the shipped rules")
    fuzz.add_argument("--workers", type=int, default=2, metavar="N", help="processes that draw and ask (default 2)")
    fuzz.add_argument("--class", dest="classes", action="append", metavar="NAME", help="only this native type")
    fuzz.add_argument("--least-recall", type=float, metavar="PERCENT", help="exit 1 below it, or on a false rejection")
    fuzz.add_argument("--drop", action="store_true", help="take the rules that rejected falsely out of the corpus")
    fuzz.add_argument("--json", action="store_true", help="the report as JSON")
    fuzz.set_defaults(run=_fuzz)

    discovery.register(commands)
    schemas.register(commands)
    history.register(commands)
    modes.register(commands)
    ledger.register(commands)
    guesses.register(commands)
    return parser


def _engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("engine", help=f"one of {', '.join(known_engines())}")


def _build(options: argparse.Namespace) -> int:
    from miners.build import build
    from miners.ledger.files import LEDGER, render_ledger
    from miners.ledger.making import ledger_of
    from miners.ledger.show import headline
    from miners.outcome import closing_table, hand_written_debt
    from miners.progress import Progress
    from miners.staging import write_fates
    from miners.workers import aside
    from pytest_llem_invariants.corpus import dump
    from pytest_llem_invariants.engines import get_adapter

    if options.source is not None:
        return _build_from_source(options)
    if options.classes is not None and options.out is None:
        raise LlemError("--class mines a part of the corpus: say with --out where to write it")
    path = data_root() / "corpora" / options.engine / "invariants.proposed.yaml"
    adapter = get_adapter(options.engine)
    library, terms = Installed(adapter), terms_of(options)
    with aside(_mined_before, adapter.ssot, path) as mined_before:
        check_roles(library, roles_of_build(adapter.ssot), terms)
        previous, counterexamples, earlier = mined_before.result()
    _say_what_is_not_mined(adapter)
    _say((*check_classes(library, _classes_of(previous), terms), *unheard(adapter)))
    mined = build(
        adapter,
        previous=previous,
        progress=Progress(),
        workers=options.workers,
        classes=None if options.classes is None else chosen(adapter.native_types(), options.classes),
        counterexamples=counterexamples,
        earlier=earlier,
    )
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
    for line in hand_written_debt(mined, previous):
        say(f"  {line}")
    if options.check:
        return max(_compare(path, text), _compare(path.with_name(LEDGER), render_ledger(effects)))
    dump(path, text)
    dump(path.with_name(LEDGER), render_ledger(effects))
    write_fates(path.parent, options.engine, mined.corpus.engine_version, mined.proven, mined.lost)
    say(f"wrote {path} and {LEDGER} beside it; prove it: pytest --llem-engine={options.engine} -n 2")
    return OK


def _classes_of(corpus: Corpus | None) -> set[str]:
    return set() if corpus is None else {rule.native_type for rule in corpus.rules}


def _say(lines: Iterable[str]) -> None:
    """What a build passes over, beside what it prints: nothing is passed over in silence."""
    for line in lines:
        say(f"llem-mine: {line}", file=sys.stderr)


def _mined_before(ssot: Ssot, path: Path) -> tuple[Corpus | None, Counterexamples, tuple[Rule, ...]]:
    """The corpus as it stands, what was held against its rules, and the rules of the version before."""
    from miners.counterexamples import COUNTEREXAMPLES, load_counterexamples
    from miners.history.kept import rules_before
    from pytest_llem_invariants.corpus import load_proposed

    return (
        load_proposed(path) if path.exists() else None,
        load_counterexamples(path.with_name(COUNTEREXAMPLES)),
        rules_before(data_root(), ssot.engine, installed_version(ssot)),
    )


def _rendered(corpus: Corpus, previous: Corpus | None, path: Path, *, keep_moment: bool) -> str:
    """The corpus as a file; the same rules are the same bytes, whenever they were mined."""
    from pytest_llem_invariants.corpus import render_proposed

    if previous is not None:
        as_before = render_proposed(replace(corpus, mined_at=previous.mined_at))
        if keep_moment or as_before == path.read_text(encoding="utf-8"):
            return as_before
    return render_proposed(corpus)


def _say_what_is_not_mined(adapter: EngineAdapter) -> None:
    from miners.producers import NO_DYNAMIC_MINER

    reason = adapter.ssot.adapter.get(NO_DYNAMIC_MINER)
    if reason is not None:
        say(f"{adapter.ssot.engine} has no dynamic miner: {reason}")


def _build_from_source(options: argparse.Namespace) -> int:
    from miners.source_build import build_from_source, source_version
    from miners.surface.source_classes import skeletons_of
    from pytest_llem_invariants.corpus import dump, load_proposed
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
        return _compare(path, text)
    dump(path, text)
    say(f"wrote {path}; prove it where the library is installed: pytest --llem-engine={options.engine} -n 2")
    return OK


def _compare(path: Path, text: str) -> int:
    committed = path.read_text(encoding="utf-8") if path.exists() else ""
    if committed == text:
        return OK
    sys.stdout.writelines(
        difflib.unified_diff(
            committed.splitlines(keepends=True), text.splitlines(keepends=True), str(path), "what mining gives"
        )
    )
    return DIFFERS


def _fuzz(options: argparse.Namespace) -> int:
    from miners.asking import Asking
    from miners.fuzz import MODES, exceeds, fuzz
    from miners.prediction import Prediction
    from miners.surface import engine_surface
    from pytest_llem_invariants.checker import Checker
    from pytest_llem_invariants.corpus import load_proposed
    from pytest_llem_invariants.engines import get_adapter
    from pytest_llem_invariants.inverse import constants_of

    adapter = get_adapter(options.engine)
    check_roles(Installed(adapter), ("invariants",), Terms(other_version=True))
    chosen(adapter.native_types(), options.classes)
    asking = Asking(adapter)
    path = options.corpus or data_root() / "corpora" / options.engine / "invariants.proposed.yaml"
    corpus = load_proposed(path)
    prediction = Prediction(Checker.load(options.engine, corpus=options.corpus, root=data_root()), adapter)
    report = fuzz(
        engine_surface(adapter),
        asking.raises,
        prediction,
        configs=options.configs,
        seed=options.seed,
        classes=options.classes,
        constants=(value for rule in corpus.rules for value in constants_of(rule.match.fields)),
        no_verdict=asking.no_verdict,
        accuse=prediction.rules,
        workers=options.workers,
    )
    say(report.to_json() if options.json else report.to_text())
    if options.drop:
        from miners.counterexamples import drop_accused

        for line in drop_accused(path, corpus, report.accused()):
            say(line)
    if options.least_recall is None:
        return OK
    broken = exceeds(report, dict.fromkeys(MODES, options.least_recall / 100))
    for sentence in broken:
        say(sentence, file=sys.stderr)
    return DIFFERS if broken else OK


def _class(options: argparse.Namespace) -> int:
    from miners.examined import examine
    from pytest_llem_invariants.corpus import dump, render_proposed

    examined = examine(options.target, base=options.base)
    text = render_proposed(examined.corpus)
    for note in examined.notes:
        say(f"llem-mine: {note}", file=sys.stderr)
    if options.out is None:
        sys.stdout.write(text)
    else:
        dump(options.out, text)
    return OK
