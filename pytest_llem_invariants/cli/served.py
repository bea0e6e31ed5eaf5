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


def served_facts(checker: Checker, told: str) -> dict[str, Any]:
    """The facts that a file or a command line tells, as the engine's routes say where they are.

    What is not told has the engine's default where the routes name one, and is unknown otherwise.
    """
    declared: Mapping[str, Any] = checker.routes.get("served", {})
    if not declared:
        raise LlemError(f"{checker.engine} {checker.version} asks nothing of a server — leave --served out")
    options = _options(checker, declared["form"], told)
    facts = {}
    for fact, where in declared["facts"].items():
        value = options.get(where["field"], where.get("default", UNKNOWN))
        if fact in checker.declared_context and value is not UNKNOWN and value not in where.get("unknown", (None,)):
            facts[fact] = value
    return facts


def _options(checker: Checker, form: str, told: str) -> dict[str, Any]:
    """What the server was started with, by the fields of its class."""
    from pytest_llem_invariants.checker.documents import read

    if os.path.isfile(told) and told.endswith(_DOCUMENTS):
        routed = route(checker, read(told).data, form)
    else:
        routed = route_command(checker, _words(told), lambda name: read(name).data)
    name = checker.routes["forms"][form]["class"]
    return {field: value for part in routed if part.native_type == name for field, value in part.kwargs.items()}


def _words(told: str) -> list[str]:
    """The words of a command line, or of a script that holds one."""
    is_file = os.path.isfile(told)
    text = bounded.read_text(told, _LARGEST, "check that it is a script") if is_file else told
    try:
        return shlex.split(text.replace("\\\n", " "), comments=is_file)
    except ValueError as error:
        name = told if is_file else shortened(told)
        message = f"--served {name}: {str(error).lower()} — name a serve file, or quote a whole command line"
        raise LlemError(message) from error
