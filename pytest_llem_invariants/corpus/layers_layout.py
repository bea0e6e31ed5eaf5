"""`layers.discovered.json`: of each type of model, the lengths that ranks split among them, by the keys of its config.

For each fact `products` of keys, and the `layers` whose input they are; `knows` are the keys that were tried, and
`with` has what holds where a further one is written. Of the whole file, `spoken` are the keys that some product is made
of, and `left_out` those at which a model names layers that are not quantised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.corpus.models_layout import Models
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import read_text

_FIX: Final = "run llem-mine layers"
_OWN: Final = ("architecture", "knows", "with")


def with_layers(models: Models, path: Path, version: str) -> Models:
    """A table of types of models with what this file tells of them, where it is of this very version."""
    layers = read_layers(path, version)
    return {**models, **{name: {**models.get(name, {}), **facts} for name, facts in layers.items()}}


def read_layers(path: Path, version: str) -> dict[str, dict[str, Any]]:
    """Type of a model → fact → all that a reader of its config.json needs; nothing of another version."""
    try:
        data: Any = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"the table of layers cannot be read: {error}", path=path, fix=_FIX) from error
    if not isinstance(data, dict) or not str(data.get("schema_version", "")).partition(".")[0] == "1":
        raise CorpusError("not a table of layers of format 1", path=path, fix=_FIX)
    if data.get("engine_version") != version:
        return {}  # another version may build its layers otherwise
    try:
        return {name: dict(_facts(entry, data)) for name, entry in data["model_types"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise CorpusError("model_types does not have the form of a table of layers", path=path, fix=_FIX) from error


def _facts(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    further: Mapping[str, Mapping[str, Any]] = entry["with"]
    facts = {fact for told in (entry, *further.values()) for fact in told if fact not in _OWN}
    head = {"spoken": _names(data["spoken"]), "left_out": _names(data["left_out"]), "knows": _names(entry["knows"])}
    for fact in sorted(facts):
        others = {key: {**head, **_lengths(of[fact])} for key, of in further.items() if fact in of}
        # Of what is known with a further key alone, each length needs one; without products, there are no such layers.
        told = _lengths(entry[fact]) if fact in entry else {"products": [[key] for key in others], "layers": []}
        yield fact, {"architecture": str(entry["architecture"]), **head, **told, "with": others}


def _lengths(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"products": [_names(names) for names in told["products"]], "layers": _names(told["layers"])}


def _names(names: Any) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError(names)
    return names
