"""Facts about a model that a corpus declares, as one version of the library would take them from the model's files.

Nothing is guessed: of a type of model that the version's table does not list, a fact stays unknown.
"""

from __future__ import annotations

import math

from pytest_llem_invariants.errors import CorpusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from pytest_llem_invariants.worlds.facts import Facts

    Models = Callable[[], Mapping[str, Mapping[str, Any]]]
    """Type of a model → fact → its default, or the keys that tell it and its default; read when it is first needed."""

UNKNOWN = object()
ABSENT = "model.files.absent"
"""Where not all files of a model were fetched: those of which it is known that it has none."""
TYPE = "model_type"
"""The key of config.json that names the type of a model."""
_PARTS = {"text": "model.text", "config": "model.config"}
_LARGEST = 2**63
_KIND = "rope_type"
_FIX = "correct the file, or state the fact in a --world file"


def derived(declared: Mapping[str, Mapping[str, Any]], facts: Facts, models: Models) -> dict[str, Any]:
    """What the files of a model say of the declared facts that are about it."""
    found: dict[str, Any] = {}
    table: Mapping[str, Mapping[str, Any]] | None = None
    for name, entry in declared.items():
        if "file" in entry:
            there = _has(entry["file"], facts)
            if there is not UNKNOWN:
                found[name] = there
        elif ("keys" in entry or "from" in entry) and f"model.config.{entry.get('from', TYPE)}" in facts:
            if table is None:
                table = models()
            value = (_looked_up if "from" in entry else _value)(name, entry, facts, table)
            if value is not UNKNOWN:
                found[name] = value
    return found


def _value(name: str, entry: Mapping[str, Any], facts: Facts, table: Mapping[str, Mapping[str, Any]]) -> Any:
    part = entry.get("of", "text")
    proven = _proven(name, part, facts, table)
    unless, harmless = entry.get("unless", ()), entry.get("harmless", {})
    if proven is UNKNOWN or any(key in facts.get("model.files", ()) for key in unless):
        return UNKNOWN
    settings = [facts.get(f"{group}.{key}") for key in unless for group in _PARTS.values()]
    if not harmless and any(map(changing, settings)):
        return UNKNOWN
    if any(_is_null(facts, key) for key in entry.get("unless_null", ())):
        return UNKNOWN
    keys, default = (proven.get("keys"), proven.get("default", UNKNOWN)) if type(proven) is dict else (None, proven)
    value = _written(keys or entry["keys"], part, entry.get("type"), facts)
    if value is None and _may_be_there(unless, facts):
        return UNKNOWN
    value = default if value is None else value
    if not all(leaves(one, value, harmless) for setting in settings for one in changing(setting)):
        return UNKNOWN
    return _lowered(value, entry.get("lowered_by", ()), facts)


def _looked_up(name: str, entry: Mapping[str, Any], facts: Facts, table: Mapping[str, Mapping[str, Any]]) -> Any:
    """What the table tells of what a key names; of several, the first: what a library takes that lacks it is open."""
    key = entry["from"]
    if key == TYPE:
        told, unless = _proven(name, entry.get("of", "text"), facts, table), entry.get("unless", ())
    else:
        named = facts[f"model.config.{key}"]
        first = named[0] if type(named) is list and named else named
        of = table.get(f"{key}:{first}", {}) if type(first) is str else {}
        told, unless = of.get(name, UNKNOWN), (*entry.get("unless", ()), *of.get("unless", ()))
    if told is UNKNOWN or any(_is_there(facts, other) for other in unless):
        return UNKNOWN
    if type(told) is dict:
        from pytest_llem_invariants.worlds.split import split_lengths

        lengths = split_lengths(told, facts)
        return UNKNOWN if lengths is None else lengths
    if _may_be_there(unless, facts):
        return UNKNOWN
    if told and any(_is_null(facts, other) for other in entry.get("unless_null", ())):
        return UNKNOWN
    if told and any(_lists_only(facts, *only) for only in entry.get("unless_only", {}).items()):
        return UNKNOWN
    return told


def _has(file: str, facts: Facts) -> Any:
    """Whether the model has a file; unknown without a list of its files, and where a part of them was fetched."""
    if "model.files" not in facts:
        return UNKNOWN
    if file in facts["model.files"]:
        return True
    return False if ABSENT not in facts or file in facts[ABSENT] else UNKNOWN


def _may_be_there(keys: Iterable[str], facts: Facts) -> bool:
    """Whether one of them is a file of which nobody knows whether it is there: it may say something."""
    return any(key.endswith(".json") and _has(key, facts) is UNKNOWN for key in keys)


def _is_there(facts: Facts, key: str) -> bool:
    """Whether a file of that name is there, or a key is written and says something."""
    return key in facts.get("model.files", ()) or any(facts.get(f"{group}.{key}") for group in _PARTS.values())


def _is_null(facts: Facts, key: str) -> bool:
    return any(f"{group}.{key}" in facts and facts[f"{group}.{key}"] is None for group in _PARTS.values())


def _lists_only(facts: Facts, key: str, values: Iterable[Any]) -> bool:
    listed = facts.get(f"model.config.{key}")
    return type(listed) is list and all(one in values for one in listed)


def _proven(name: str, part: str, facts: Facts, table: Mapping[str, Mapping[str, Any]]) -> Any:
    """What the table says of a fact for this type of model, or the type of its text part where it knows that too."""
    outer, inner = (facts.get(f"{group}.model_type") for group in ("model.config", "model.text"))
    if type(outer) is not str or name not in table.get(outer, {}):
        return UNKNOWN
    if part == "text" and type(inner) is str and inner in table:
        return table[inner].get(name, UNKNOWN)
    return table[outer][name]


def changing(value: Any) -> list[Any]:
    """What of a setting does more than nothing: of rope parameters, those of the default kind do nothing."""
    if not isinstance(value, dict):
        return [value] if value else []
    if value and all(isinstance(inner, dict) for inner in value.values()):
        return [one for inner in value.values() for one in changing(inner)]
    kind = value.get(_KIND, value.get("type"))
    return [value] if ("factor" in value if kind is None else kind != "default") else []


def leaves(setting: Any, fact: Any, harmless: Mapping[str, Iterable[str]]) -> bool:
    """Whether a setting leaves a fact as it is: of a harmless kind, whose numbers at its keys make the fact."""
    kind = setting.get(_KIND, setting.get("type")) if isinstance(setting, dict) else None
    if not isinstance(kind, str) or kind not in harmless:
        return False
    numbers = [setting.get(key) for key in harmless[kind]]
    return all(type(one) in (int, float) for one in numbers) and (not numbers or math.prod(numbers) == fact)


def _written(keys: Iterable[str], part: str, kind: str | None, facts: Facts) -> Any:
    """What the first key says that is written and not null; None where there is none.

    Unknown where another of them is null beside it: a library may take the null.
    """
    found, is_null = None, False
    for key in keys:
        name = f"{_PARTS[part]}.{key}"
        value = facts.get(name)
        if value is None:
            is_null = is_null or name in facts
        elif found is None:
            found = _of_kind(value, kind, key, facts.path_of(_PARTS[part]))
    return UNKNOWN if is_null and found is not None else found


def _of_kind(value: Any, kind: str | None, key: str, path: str | None) -> Any:
    """A value of the kind that the fact is of; what no library counts with is an error that names file and key."""
    if kind == "list" or (kind is not None and type(value) is list):
        return value if kind == "list" and type(value) is list else UNKNOWN
    if kind in ("int", "float"):
        is_number = type(value) in (int, float) and abs(value) < _LARGEST
        if not is_number or (kind == "int" and value != int(value)):
            raise _absurd(value, "count" if kind == "int" else "number", key, path)
        return UNKNOWN if value < 0 else int(value) if kind == "int" else value
    if (kind == "str" and type(value) is not str) or (kind == "bool" and type(value) is not bool):
        raise _absurd(value, "text" if kind == "str" else "true or false", key, path)
    return value


def _absurd(value: Any, wanted: str, key: str, path: str | None) -> CorpusError:
    from pytest_llem_invariants.text.terminal import shortened

    return CorpusError(f"{key} is {shortened(repr(value))}, not a {wanted}", path=path, fix=_FIX)


def _lowered(value: Any, others: Iterable[str], facts: Facts) -> Any:
    if value is UNKNOWN or value is None:
        return value
    for name in others:
        other = facts.get(name)
        if other is None:
            continue
        group, _, key = name.rpartition(".")
        if type(other) not in (int, float) or not other > 0:
            raise _absurd(other, "positive number", key, facts.path_of(group))
        value = min(value, int(other))
    return value
