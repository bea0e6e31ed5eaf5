"""`llem-invariants fit`: whether a model fits on a device, with all figures."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.routes import route, route_command
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.check import contents
from pytest_llem_invariants.cli.choosing import choose, load
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.fit.answer import TOO_LARGE, Answer, Question, answer
from pytest_llem_invariants.fit.asked import question_of
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.telling import as_dict, told
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from pytest_llem_invariants.checker.core import World
    from pytest_llem_invariants.checker.routed import Routed


def run(options: argparse.Namespace) -> int:
    if bool(options.file) == bool(options.words):
        raise LlemError("name a file, `-` for standard input, or a command line after `--`")
    beside = Surroundings(options, options.gpu)
    document: dict[str, Any] | None = None
    if options.words:
        checker, routed, beside = _command(options, beside)
    else:
        from pytest_llem_invariants.checker.documents import read

        config = read(options.file)
        document = config.data
        checker = choose(options, document, {})
        routed = route(checker, document, options.type)
    world = checker.world_beside(routed, beside.how(checker)["world"])
    question = _question(checker, routed, world, options, document)
    found = _answer(question)
    if options.format == "json":
        print(json.dumps(as_dict(found), indent=2))
    else:
        for line in told(found, options.gpu or "this device", question.fields):
            say(line)
    return INVALID if found.verdict == TOO_LARGE else 0


def _question(
    checker: Checker,
    routed: list[Routed],
    world: World,
    options: argparse.Namespace,
    document: dict[str, Any] | None,
) -> Question:
    if "model.config" not in world.facts:
        raise LlemError("no model is known — give --model DIR, or the config.json of the model")
    if "device.memory" not in world.facts:
        raise LlemError("the memory of the device is not known — give --gpu H100:8, or CAPABILITY:COUNT:GIB")
    try:
        question = question_of(checker, routed, world, options.root, document)
    except UnknownSizeError as why:
        raise _unknown(why) from why
    if question is None:
        kind = world.facts.get("model.config.model_type")
        named = world.facts.get("model.config.architectures")
        of = f" as {', '.join(map(str, named))}" if isinstance(named, list) and named else ""
        raise LlemError(f"{checker.engine} {checker.version}: no laws of memory for the type of model {kind!r}{of}")
    return question


def _answer(question: Question) -> Answer:
    try:
        return answer(question)
    except UnknownSizeError as why:
        raise _unknown(why) from why


def _unknown(why: UnknownSizeError) -> LlemError:
    return LlemError(f"not known for this config: {why}")


def _command(options: argparse.Namespace, beside: Surroundings) -> tuple[Checker, list[Routed], Surroundings]:
    """The one command of an engine in the command line."""
    from pytest_llem_invariants.checker import guessing

    checker, lines = guessing.by_command(options.words, options.root)
    if options.engine or options.corpus:
        checker = load(options)
        lines = guessing.commands_in(checker, options.words)
    if len(lines) != 1:
        raise LlemError(f"{len(lines)} commands of {checker.engine} are in the command line — give one")
    (line,) = lines
    return (
        checker,
        route_command(checker, line.words, contents),
        beside if line.beside is None else beside.around(line.beside),
    )
