"""The facts outside a config that a corpus, or an engine's file, declares: how they are read from data and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_llem_invariants.model import ContextField, Reading
from pytest_llem_invariants.text.strict import Section, value_to_data

TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "str": (str,),
    "list": (list,),
}
"""What a fact may be declared to be, and the kinds of value that this allows; each may be null besides."""
_READING: Final = ("keys", "of", "unless", "lowered_by", "file", "from", "unless_only", "unless_null", "harmless")
_KEYS: Final = ("default", "values", "assumed", "type", *_READING)


def read_context_fields(section: Section, *, found: bool = False) -> dict[str, ContextField]:
    """The facts by name; `found`, where the library keeps them, stands in an engine's file alone."""
    return {name: _field(section.part(name, data), name, found=found) for name, data in section.data.items()}


def _field(entry: Section, name: str, *, found: bool) -> ContextField:
    entry.only((*_KEYS, "found", "only_written") if found else _KEYS)
    values = tuple(entry.items("values"))
    default = entry.data.get("default")
    if values and default not in values:
        entry.fail(f"the default {default!r} of {name!r} is not among its values", "default", fix="add it to values")
    kind = entry.optional_text("type")
    if kind is not None:
        if kind not in TYPES:
            entry.fail(f"{name!r} has the type {kind!r}", "type", fix=f"write one of {', '.join(TYPES)}")
        for number, value in enumerate(values):
            if not is_of_type(value, kind):
                entry.fail(f"{value!r} is no {kind}", "values", number, fix=f"{name!r} is declared as {kind}")
    return ContextField(
        default,
        values,
        entry.optional_flag("assumed") is not False,
        kind,
        _reading(entry),
        entry.texts("found") if found else (),
        found and entry.optional_flag("only_written") is True,
    )


def is_of_type(value: Any, kind: str) -> bool:
    """Whether a value is one of those that a fact of such a type may have."""
    if value is None:
        return True
    return isinstance(value, TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))


def _reading(entry: Section) -> Reading | None:
    if not any(key in entry for key in _READING):
        return None
    part = entry.optional_text("of") or Reading.of
    if part not in ("text", "config"):
        entry.fail(f"'of' is {part!r}", "of", fix="write text, for the part that speaks of text, or config")
    only, harmless = (entry.optional_section(key) for key in ("unless_only", "harmless"))
    return Reading(
        entry.texts("keys"),
        part,
        entry.texts("unless"),
        entry.texts("unless_null"),
        {} if harmless is None else {kind: harmless.texts(kind) for kind in harmless.data},
        entry.texts("lowered_by"),
        entry.optional_text("file"),
        entry.optional_text("from"),
        {} if only is None else {key: only.texts(key) for key in only.data},
    )


def context_to_data(context: Mapping[str, ContextField]) -> dict[str, Any]:
    """The facts as a corpus writes them, without what is at its default."""
    return {name: _to_data(entry) for name, entry in sorted(context.items())}


def _to_data(entry: ContextField) -> dict[str, Any]:
    data: dict[str, Any] = {"default": value_to_data(entry.default)}
    if entry.type is not None:
        data["type"] = entry.type
    if not entry.assumed:
        data["assumed"] = False
    data["values"] = value_to_data(list(entry.values))
    if entry.reading is not None:
        data.update(reading_to_data(entry.reading))
    return data


def reading_to_data(reading: Reading) -> dict[str, Any]:
    """How a fact is read from the files of a model, without what is at its default."""
    written: dict[str, Any] = {
        "keys": list(reading.keys),
        "of": reading.of if reading.of != Reading.of else None,
        "unless": list(reading.unless),
        "harmless": {kind: list(keys) for kind, keys in reading.harmless.items()},
        "lowered_by": list(reading.lowered_by),
        "file": reading.file,
        "from": reading.table,
        "unless_null": list(reading.unless_null),
        "unless_only": {key: list(values) for key, values in reading.only.items()},
    }
    return {key: value for key, value in written.items() if value}
