"""`command.discovered.json`: the parsers of a version's commands, option by option."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import read_text

Commands = Mapping[str, Mapping[str, Any]]
"""Command → its `options` and the `habits` of its program."""

_FIX: Final = "run llem-mine discover"
_ACTIONS: Final = ("store", "append", "set", "pairs", "leave", "unknown")


def read_commands(path: Path) -> Commands:
    """The parsers of a version."""
    try:
        data = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"the parsers cannot be read: {error}", path=path, fix=_FIX) from error
    if not isinstance(data, dict) or not str(data.get("schema_version", "")).startswith("1."):
        raise CorpusError("not the parsers of commands in format 1", path=path, fix=_FIX)
    commands = data.get("commands")
    if not isinstance(commands, dict) or not all(map(_is_command, commands.values())):
        raise CorpusError("commands does not have the form of discovered parsers", path=path, fix=_FIX)
    return commands


def _is_command(command: Any) -> bool:
    if not isinstance(command, dict) or not isinstance(command.get("habits"), dict):
        return False
    options = command.get("options")
    return isinstance(options, list) and all(map(_is_option, options))


def _is_option(option: Any) -> bool:
    return (
        isinstance(option, dict)
        and isinstance(option.get("dest"), str)
        and option.get("action") in _ACTIONS
        and "nargs" in option
        and all(isinstance(string, str) for string in option.get("strings", ()))
    )
