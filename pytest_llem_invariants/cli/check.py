"""`llem-invariants check`."""

from __future__ import annotations

from pytest_llem_invariants.checker.routes import route_command
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.answering import answered
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.cli.versions import Versions, of_one
from pytest_llem_invariants.errors import LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.checker.guessing import Line
    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.checker.verdict import Verdict
    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.versions import Around


def checked(options: argparse.Namespace) -> list[Checked]:
    """What the options name, with the verdict of each."""
    beside = Surroundings(options, options.gpu)
    if options.words:
        return _commands(options.words, options, beside)
    from pytest_llem_invariants.cli.files import Files, in_paths

    return in_paths(Files(options, beside), options)


def run(options: argparse.Namespace) -> int:
    if bool(options.files) == bool(options.words):
        raise LlemError("name a file to check, `-` for standard input, or a command line after `--`")
    if options.fix or options.diff:
        from pytest_llem_invariants.cli.fixing import fix

        number = fix(options)
        if options.diff:
            return INVALID if number else 0
    found = checked(options)
    from pytest_llem_invariants.cli import reporting

    failed = [document for document in found if not _passes(document.verdict, options)]
    options.answer.status = INVALID if failed else 0
    reporting.report(found, options)
    if options.format == "text" and not options.fix and any(one.verdict.violations for one in found):
        from pytest_llem_invariants.cli.fixing import hint

        said = hint(found, options)
        if said:
            print(said)
    return INVALID if failed else 0


def _passes(verdict: Verdict, options: argparse.Namespace) -> bool:
    if options.require_certified and not verdict.certified:
        return False
    if options.require_decided and (verdict.depends if options.strict else verdict.status == "depends"):
        return False
    return verdict.ok and not (options.strict and verdict.violations)


def _commands(words: Sequence[str], options: argparse.Namespace, beside: Surroundings) -> list[Checked]:
    """Each command of an engine in the command line, with what the line says beside it."""
    from pytest_llem_invariants.checker import guessing

    versions = Versions(options.root)
    if options.engine or options.corpus:
        newest = versions.of_file(options.corpus, options.engine) if options.corpus else versions.newest(options.engine)
        lines = guessing.commands_in(newest, words)
        if not lines:
            route_command(newest, words)  # tells which commands there are
    else:
        newest, lines = guessing.by_command(words, options.root)
        versions.take(newest)
    found: list[Checked] = []
    for number, line in enumerate(lines, 1):
        around = of_one(newest) if options.corpus else _around(versions, newest, line, options)
        name = "the command line" if len(lines) == 1 else f"command {number}: {' '.join(line.words[:3])}"
        told = beside if line.beside is None else beside.around(line.beside)
        found.append(answered(name, around, _routed(line.words), told, None))
    return found


def _routed(words: Sequence[str]) -> Callable[[Checker], list[Routed]]:
    return lambda checker: route_command(checker, words, contents)


def _around(versions: Versions, newest: Checker, line: Line, options: argparse.Namespace) -> Around:
    """The rules of the version that was asked for, else of that which a container has."""
    if options.engine_version or line.beside is None:
        return versions.around(newest.engine, options.engine_version)
    return versions.around(newest.engine, line.beside.version, is_built=line.beside.is_built)


def contents(name: str) -> Mapping[str, Any]:
    """What a config file says that a command line names."""
    from pytest_llem_invariants.checker.documents import read

    return read(name).data
