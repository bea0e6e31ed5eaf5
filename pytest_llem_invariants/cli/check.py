"""`llem-invariants check`."""

from __future__ import annotations

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.checked import Checked
from pytest_llem_invariants.cli.choosing import in_version, load
from pytest_llem_invariants.cli.files import Files, in_paths
from pytest_llem_invariants.cli.memory import with_memory
from pytest_llem_invariants.cli.surroundings import Surroundings, groups
from pytest_llem_invariants.errors import LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.checker.verdict import Verdict
    from pytest_llem_invariants.text.lines import Line


def run(options: argparse.Namespace) -> int:
    if bool(options.files) == bool(options.words):
        raise LlemError("name a file to check, `-` for standard input, or a command line after `--`")
    beside = Surroundings(options, options.gpu)
    checked = _commands(options.words, options, beside) if options.words else in_paths(Files(options, beside), options)
    from pytest_llem_invariants.cli import reporting

    failed = [document for document in checked if not _passes(document.verdict, options)]
    options.answer.status = INVALID if failed else 0
    reporting.report(checked, options)
    return INVALID if failed else 0


def _passes(verdict: Verdict, options: argparse.Namespace) -> bool:
    if options.require_certified and not verdict.certified:
        return False
    if options.require_decided and (verdict.depends if options.strict else verdict.status == "depends"):
        return False
    return verdict.ok and not (options.strict and verdict.violations)


def _checked(name: str, checker: Checker, routed: Sequence[Routed], how: dict[str, Any], place_of: Any) -> Checked:
    world = checker.world_beside(routed, how["world"])
    verdict = checker.check_routed(routed, context=how["context"], world=world)
    verdict = with_memory(verdict, checker, routed, world)
    return Checked(name, checker, verdict, place_of, groups((*world.facts, *how["context"])))


def _commands(words: Sequence[str], options: argparse.Namespace, beside: Surroundings) -> list[Checked]:
    """Each command of an engine in the command line, with the variables that are set for it."""
    from pytest_llem_invariants.checker import guessing
    from pytest_llem_invariants.checker.routes import route_command

    if options.engine or options.corpus:
        checker = load(options)
        lines = guessing.commands_in(checker, words)
        if not lines:
            route_command(checker, words)  # tells which commands there are
    else:
        guessed, lines = guessing.by_command(words, options.root)
        checker = in_version(guessed, options)
    checked = []
    for number, line in enumerate(lines, 1):
        one = _of_image(checker, line, options)
        around = beside.with_variables(line.environment)
        name = "the command line" if len(lines) == 1 else f"command {number}: {' '.join(line.words[:3])}"
        checked.append(_checked(name, one, route_command(one, line.words, contents), around.how(one), None))
    return checked


def _of_image(checker: Checker, line: Line, options: argparse.Namespace) -> Checker:
    """The checker of the version that a container has, where no other was asked for and its rules are here."""
    from pytest_llem_invariants.checker import store

    if options.corpus or options.engine_version or line.version is None:
        return checker
    if line.version not in store.versions(store.data_root(options.root), checker.engine):
        return checker
    return Checker.load(checker.engine, version=line.version, root=options.root)


def contents(name: str) -> Mapping[str, Any]:
    """What a config file says that a command line names."""
    from pytest_llem_invariants.checker.documents import read

    return read(name).data
