"""How a server was started that a request is for: the facts that its serve file or command line tells."""

from __future__ import annotations

import os
import shlex

from pytest_llem_invariants.checker.routes import route, route_command
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text import bounded
from pytest_llem_invariants.text.terminal import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker

_DOCUMENTS = (".yaml", ".yml", ".json")
_LARGEST = 2 * 1024 * 1024


def served_facts(checker: Checker, told: str, *, apart: bool = False) -> dict[str, Any]:
    """The facts that a file or a command line tells, as the engine's routes say where they are.

    With `apart`, a config file that the command line names is not read.
    What is not told has the engine's default where the routes name one, and is unknown otherwise.
    """
    declared: Mapping[str, Any] = checker.routes.get("served", {})
    if not declared:
        raise LlemError(f"{checker.engine} {checker.version} asks nothing of a server — leave --served out")
    options = _options(checker, declared["form"], told, apart)
    facts = {}
    for fact, where in declared["facts"].items():
        value = options.get(where["field"], where.get("default", UNKNOWN))
        if fact in checker.declared_context and value is not UNKNOWN and value not in where.get("unknown", (None,)):
            facts[fact] = value
    return facts


def _options(checker: Checker, form: str, told: str, apart: bool) -> dict[str, Any]:
    """What the server was started with, by the fields of its class."""
    from pytest_llem_invariants.checker.documents import read

    if told.endswith(_DOCUMENTS) and (os.path.isfile(told) or len(told.split()) == 1):
        routed = route(checker, read(told).data, form)
    else:
        words = _of_script(checker, told) if os.path.isfile(told) else _of_line(told)
        routed = route_command(checker, words, None if apart else lambda name: read(name).data)
    name = checker.routes["forms"][form]["class"]
    return {field: value for part in routed if part.native_type == name for field, value in part.kwargs.items()}


def _of_script(checker: Checker, name: str) -> list[str]:
    """The words of the first command of the engine that a script holds."""
    from pytest_llem_invariants.readers.declared import engine_of
    from pytest_llem_invariants.readers.launches import in_script
    from pytest_llem_invariants.readers.source import whole
    from pytest_llem_invariants.readers.told import words_of

    text = bounded.read_text(name, _LARGEST, "check that it is a script")
    for found in in_script(whole(text), [engine_of(checker.engine, checker.routes)]):
        return words_of(found)
    raise LlemError(f"--served {name}: no command of {checker.engine} is in it — name a serve file or a script")


def _of_line(told: str) -> list[str]:
    """The words of a command line."""
    try:
        return shlex.split(told.replace("\\\n", " "))
    except ValueError as error:
        message = f"--served {shortened(told)}: {str(error).lower()} — name a serve file, or quote a whole command line"
        raise LlemError(message) from error
