"""From what a library said of configs of one type of model to how its facts are read from any.

A fact is read from the first of its keys that is written and not null, else it is the type's default. Which keys those
are, in which order, and whether there is such a default, is decided by all that the library said: where it once said
otherwise, the fact is left out, or its default.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.model import ContextField, Reading
from pytest_llem_invariants.worlds.derived import changing, leaves

NOTHING: Final = object()
TEXT_PARTS: Final = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where models of several parts keep the config of the part that reads and writes text."""
_MOST_ORDERED: Final = 4
OF_TEXT: Final = "model.text."
ENOUGH: Final = 2
"""How many values of a key must be seen."""


@final
@dataclass(frozen=True, slots=True)
class Observation:
    """A config as it was written, and what the library made of it."""

    config: Mapping[str, Any]
    found: Mapping[str, Any]
    folder: Path
    alone: tuple[str, Any] | None = None
    """The one key that it has beside what a bare config has, and its value."""


def text_path(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys that lead to the part of a config that speaks of text; none where it is the whole."""
    for name in TEXT_PARTS:
        part = config.get(name)
        if isinstance(part, Mapping) and part:
            return name, *text_path(part)
    return ()


def part_of(config: Mapping[str, Any], reading: Reading) -> Mapping[str, Any]:
    """The part of a config where the keys of a fact stand."""
    if reading.of == "text":
        for name in text_path(config):
            config = config[name]
    return config


def entry_of(
    name: str, field: ContextField, keys: Sequence[str], seen: Sequence[Observation], *, has_default: bool = True
) -> Any:
    """How a fact is read from configs of this type, as the table writes it; NOTHING where that was not confirmed.

    `keys` are those that may tell it, the likelier ones first. The first observation is of a bare config.
    """
    reading = field.reading
    base = seen[0].found.get(name, NOTHING)
    if reading is None or not _is_of_kind(base, field):
        return NOTHING
    if not reading.keys:  # of the type, whatever is written
        return base if all(_agrees(name, field, (), base, one) for one in seen) else NOTHING
    telling = _telling(name, keys, seen, base)
    if telling is None:
        return NOTHING
    for ordered in _orders(telling):
        for default in (base, NOTHING) if has_default else (NOTHING,):
            if ordered and all(_agrees(name, field, ordered, default, one) for one in seen):
                return _written(ordered, default, reading)
    return NOTHING


def _is_of_kind(value: Any, field: ContextField) -> bool:
    if field.type == "int":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if field.type == "bool":
        return isinstance(value, bool)
    return value is None or (field.type == "str" and isinstance(value, str))


def _telling(name: str, keys: Sequence[str], seen: Sequence[Observation], base: Any) -> list[str] | None:
    """The keys of which each value that was written by itself is what the library then had.

    None where the likeliest, or one that stands in the configs of this type, was not seen often enough: a switch once.
    """
    telling = []
    for key in keys:
        alone = [(one.alone[1], one.found.get(name)) for one in seen if one.alone and one.alone[0] == key]
        told = [(value, found) for value, found in alone if value != base]
        enough = 1 if told and all(isinstance(value, bool) for value, _ in told) else ENOUGH
        if len(told) >= enough and all(type(value) is type(found) and value == found for value, found in told):
            telling.append(key)
        elif len(told) < enough and (key == keys[0] or any(_has(one.config, key) for one in seen if not one.alone)):
            return None
    return telling


def _has(config: Mapping[str, Any], key: str) -> bool:
    whole = get(config, key)
    return whole is not None or get(part_of(config, Reading()), key) is not None


def get(config: Any, dotted: str) -> Any:
    """What stands at a dotted key; None where nothing does."""
    for key in dotted.split("."):
        config = config.get(key) if isinstance(config, Mapping) else None
    return config


def _is_null(config: Mapping[str, Any], dotted: str) -> bool:
    """Whether a dotted key is written, as null."""
    parent, _, key = dotted.rpartition(".")
    part = get(config, parent) if parent else config
    return isinstance(part, Mapping) and key in part and part[key] is None


def _orders(keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if len(keys) <= _MOST_ORDERED:
        yield from itertools.permutations(keys)
    else:
        yield from (tuple(keys), tuple(reversed(keys)))


def _agrees(name: str, field: ContextField, keys: Iterable[str], default: Any, one: Observation) -> bool:
    """Whether reading a config this way gives what the library has, or nothing."""
    value = read(field, keys, default, one.config)
    return value is NOTHING or value == one.found.get(name, NOTHING)


def read(field: ContextField, keys: Iterable[str], default: Any, config: Mapping[str, Any]) -> Any:
    """A fact as a reader takes it from a config; NOTHING where it is unknown."""
    reading = field.reading or Reading()
    part = part_of(config, reading)
    settings = [get(of, key) for key in reading.unless for of in (config, part)]
    if any(_is_null(of, key) for key in reading.unless_null for of in (config, part)):
        return NOTHING
    keys = tuple(keys)
    value = next((value for key in keys if (value := get(part, key)) is not None), None)
    if value is not None and any(_is_null(part, key) for key in keys):
        return NOTHING
    value = default if value is None else value
    if not all(leaves(one, value, reading.harmless) for setting in settings for one in changing(setting)):
        return NOTHING
    if value is NOTHING or isinstance(value, (list, Mapping)):
        return NOTHING
    lower = (get(part, other.removeprefix(OF_TEXT)) for other in reading.lowered_by if other.startswith(OF_TEXT))
    return min([value, *(other for other in lower if isinstance(other, int) and other > 0)]) if value else value


def _written(keys: tuple[str, ...], default: Any, reading: Reading) -> Any:
    if default is NOTHING:
        return {"keys": list(keys)}
    return default if keys == reading.keys else {"keys": list(keys), "default": default}
