"""`models.discovered.json`: what a version of the library takes from the files of each type of model that it knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import read_text

Models = Mapping[str, Mapping[str, Any]]
"""Type of a model → fact → its default, or `{keys, default}` where the type has keys of its own.

`key:name`, for what a key of config.json names, such as an architecture → fact → value.
"""

UNKNOWN: Final = "unknown"
"""Of a name: the facts that the version could not be asked for."""
UNLESS: Final = "unless"
"""Of a name: keys and files of which each, where it is there, has the library take another instead."""
_FIX: Final = "run llem-mine discover"
_SCALARS: Final = (bool, int, float, str, type(None))


def read_models(path: Path) -> Models:
    """What a version tells of the types of models, and of what a config.json names."""
    data = _read(path)
    return {**_types(data, path), **dict(_named(data.get("named", {}), path))}


def read_types(path: Path) -> dict[str, dict[str, Any]]:
    """What a version tells of the types of models."""
    return _types(_read(path), path)


def _read(path: Path) -> dict[str, Any]:
    try:
        data: Any = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"the table of models cannot be read: {error}", path=path, fix=_FIX) from error
    if not isinstance(data, dict) or not str(data.get("schema_version", "")).startswith("1."):
        raise CorpusError("not a table of models of format 1", path=path, fix=_FIX)
    return data


def _types(data: dict[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    types: Any = data.get("model_types", {})
    if not isinstance(types, dict):
        raise CorpusError("model_types does not have the form of a table of models", path=path, fix=_FIX)
    for name, facts in types.items():
        if not isinstance(facts, dict) or not all(map(_is_proven, facts.values())):
            raise CorpusError(f"model_types.{name} does not have the form of a table of models", path=path, fix=_FIX)
    return types


def _named(tables: Any, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What is told of each name that a key of config.json may have, behind it: `architectures:LlamaForCausalLM`."""
    wrong = CorpusError("named does not have the form of a table of names", path=path, fix=_FIX)
    if not isinstance(tables, dict):
        raise wrong
    for key, table in tables.items():
        if not isinstance(table, dict) or not table.keys() >= {"usual", "names"}:
            raise wrong
        usual, names = table["usual"], table["names"]
        if not isinstance(names, dict) or not all(map(_is_told, (usual, *names.values()))):
            raise wrong
        for name, others in names.items():
            unknown = others.get(UNKNOWN, ())
            told = {**usual, **others}
            yield f"{key}:{name}", {fact: told[fact] for fact in told if fact != UNKNOWN and fact not in unknown}


def _is_told(facts: Any) -> bool:
    return (
        isinstance(facts, dict)
        and all(map(_is_plain, facts.values()))
        and all(isinstance(facts.get(key, []), list) for key in (UNKNOWN, UNLESS))
    )


def _is_proven(entry: Any) -> bool:
    """Whether it is a default, or keys with one."""
    if not isinstance(entry, dict):
        return _is_plain(entry)
    keys = entry.get("keys")
    return isinstance(keys, list) and all(isinstance(key, str) for key in keys) and _is_plain(entry.get("default"))


def _is_plain(value: Any) -> bool:
    return isinstance(value, _SCALARS) or (isinstance(value, list) and all(isinstance(one, _SCALARS) for one in value))
