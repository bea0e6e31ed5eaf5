"""Check the format of a discovered schema for the checker: the file may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import DEEPEST, depth_of, read_text

Schema = Mapping[str, Any]
_FIX: Final = "run llem-mine discover"
_PARAMETER_GROUPS: Final = ("engine_params", "sampling_params")


def parameters_of(schema: Schema) -> dict[str, dict[str, Any]]:
    """Class → field → what was discovered of it, whichever group the class stands in."""
    found: dict[str, dict[str, Any]] = {}
    for group in _PARAMETER_GROUPS:
        for name, parameters in schema.get(group, {}).items():
            found.setdefault(name, {}).update(parameters)
    return found


def read_schema(path: Path) -> Schema:
    """A discovered schema."""
    try:
        data = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"the schema cannot be read: {error}", path=path, fix=_FIX) from error
    if not isinstance(data, dict) or not str(data.get("schema_version", "")).startswith("1."):
        raise CorpusError("not a discovered schema of format 1", path=path, fix=_FIX)
    if depth_of(data) > DEEPEST:
        raise CorpusError(f"the schema nests deeper than {DEEPEST} levels", path=path, fix=_FIX)
    wrong = _wrong(data)
    if wrong is not None:
        raise CorpusError(f"{wrong} does not have the form of a discovered schema", path=path, fix=_FIX)
    return data


def alternatives(shape: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The shapes that a value may have: the members of a union, without their bounds."""
    match shape.get("kind"):
        case "union":
            for member in shape["members"]:
                yield from alternatives(member)
        case "bounded":
            yield from alternatives(shape["inner"])
        case _:
            yield shape


def instances_in(shape: Mapping[str, Any]) -> Iterator[str]:
    """The classes whose objects a value may be."""
    return (str(one["name"]) for one in alternatives(shape) if one.get("kind") == "instance")


def _wrong(data: Mapping[str, Any]) -> str | None:
    """The first part with another format."""
    if not isinstance(data.get("engine_version", ""), str):
        return "engine_version"
    for group in ("native_types", *_PARAMETER_GROUPS):
        classes = data.get(group, {})
        if not _is_table(classes):
            return group
        for name, entry in classes.items():
            if group not in _PARAMETER_GROUPS:
                continue
            if not _is_table(entry):
                return f"{group}.{name}"
            for field, parameter in entry.items():
                if not _is_parameter(parameter):
                    return f"{group}.{name}.{field}"
    return None


def _is_table(data: Any) -> bool:
    return isinstance(data, dict) and all(isinstance(entry, dict) for entry in data.values())


def _is_parameter(data: Mapping[str, Any]) -> bool:
    aliases = data.get("aliases", [])
    return (
        _is_shape(data.get("shape", {}))
        and isinstance(data.get("alias") or "", str)
        and isinstance(aliases, list)
        and all(isinstance(alias, str) for alias in aliases)
        and _is_deprecation(data.get("deprecated") or {})
    )


def _is_deprecation(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("by") or "", str)


def _is_shape(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    match data.get("kind"):
        case "union":
            members = data.get("members")
            return isinstance(members, list) and all(map(_is_shape, members))
        case "bounded":
            return _is_shape(data.get("inner"))
        case "choice":
            return isinstance(data.get("values"), list)
        case "group" | "instance":
            return isinstance(data.get("name"), str)
        case kind:
            return kind is None or isinstance(kind, str)
