"""All types of models of an engine: each is studied in a child of its own, and what hangs or raises says nothing."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.discovery import models
from miners.discovery.model_facts import text_path
from miners.memory.draws import written
from miners.memory.seen import NoLawError
from miners.memory.study import Study
from miners.process.progress import Progress
from miners.process.workers import AnswerLimits, forked
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.fit.models import flat, spoken_by
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.replay.state import without_waiting

FILE: Final = "memory.discovered.json"
SCHEMA_VERSION: Final = "1.0.0"
_SECONDS: Final = 150.0
_SPARE: Final = 8 * 1024**3
_TYPES: Final = "transformers.models.auto.configuration_auto"
_OF_WEIGHTS: Final = frozenset({"tie_word_embeddings"})
"""A setting that every type has, and that changes what is held."""


@final
@dataclass(frozen=True, slots=True)
class _Studied:
    """Studies one type of model in a child."""

    adapter: EngineAdapter
    asks: Any
    usual: frozenset[str]
    types: Mapping[str, str]

    def __call__(self, name: str) -> dict[str, Any]:
        def answer() -> bytes:
            logging.disable(logging.CRITICAL)
            time.sleep = without_waiting
            return json.dumps(self._entry(name)).encode()

        data, trouble = in_child(answer, _SECONDS, _SPARE)
        found: dict[str, Any] = {"none": trouble} if trouble is not None else json.loads(data)
        return found

    def _entry(self, name: str) -> dict[str, Any]:
        try:
            forms = models._forms(name, self.types[name])
            implied = _declared(self.adapter)["implied"].get(name, {})
            beside = _declared(self.adapter)["written"].get(name, {})
            prefix = "".join(f"{part}." for part in text_path(forms.whole))
            general = [f"{prefix}{key}" for key in _declared(self.adapter)["optional"]]
            optional = [key for key in dict.fromkeys((*_optional(name), *general)) if key not in beside]
            whole, bare = (written(form, forms.whole, beside) for form in (forms.whole, forms.bare))
            entry = Study(name, self.asks, bare, whole, optional, self.usual).entry()
            return {
                "architecture": self.types[name],
                "aliases": {f"{prefix}{one}": f"{prefix}{other}" for one, other in sorted(forms.names.items())},
                "knows": sorted({key for key, _ in flat(whole)} | set(general) | set(implied)),
                **entry,
                **_more(entry, beside, implied),
            }
        except NoLawError as error:
            return {"none": str(error)}
        except Exception as error:
            return {"none": f"{type(error).__name__}: {error}"}


def discover_memory(
    adapter: EngineAdapter, names: Sequence[str], progress: Progress, *, workers: int = 1, spoken: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """The laws of each type of model, or of those that are named; and of the others, why there are none.

    `spoken` are keys of which laws of other types speak.

    For a process that ends soon: packages are stood in for.
    """
    version = adapter.import_library()
    types = models._types(adapter)
    chosen = [name for name in types if not names or name in names]
    asks = importlib.import_module(f"pytest_llem_invariants.engines.{adapter.ssot.engine}_memory").memory_of
    usual = frozenset(importlib.import_module("transformers").PreTrainedConfig().to_dict()) - _OF_WEIGHTS
    found: dict[str, Any] = {}
    without: dict[str, str] = {}
    with models.apart(adapter):
        models.warm(adapter)
        studied = _Studied(adapter, asks, usual, types)
        with progress.step("types of models", len(chosen)) as step, forked(workers, AnswerLimits(_SECONDS * 2)) as pool:
            for name, entry in zip(chosen, pool.map(studied, chosen), strict=True):
                if "none" in entry:
                    without[name] = entry["none"]
                else:
                    found[name] = entry
                step.advance()
    return {
        "schema_version": SCHEMA_VERSION,
        "engine": adapter.ssot.engine,
        "engine_version": version,
        "settings": _settings(adapter),
        "spoken": _with_what_they_know(found, spoken),
        "model_types": found,
    }, without


def _more(entry: Mapping[str, Any], beside: Mapping[str, Any], implied: Mapping[str, Any]) -> dict[str, Any]:
    """What a config must write for the laws to hold, and what it may write with one value."""
    required = sorted({*entry.get("required", ()), *beside})
    fixed = {**entry.get("fixed", {}), **implied}
    return {**({"required": required} if required else {}), **({"fixed": fixed} if fixed else {})}


def _with_what_they_know(found: Mapping[str, Any], others: Sequence[str]) -> list[str]:
    """The last names of all keys of which some law speaks; each type keeps those of them that it knows."""
    spoken = {name.rpartition(".")[2] for entry in found.values() for name in spoken_by(entry)} | set(others)
    for entry in found.values():
        own = spoken_by(entry)
        entry["knows"] = [name for name in entry["knows"] if name.rpartition(".")[2] in spoken]
        pairs = [pair for one, other in entry["aliases"].items() for pair in ((one, other), (other, one))]
        entry["aliases"] = {one: other for one, other in pairs if other in own and one not in own}
    return sorted(spoken)


def _declared(adapter: EngineAdapter) -> Mapping[str, Any]:
    declared: Mapping[str, Any] = adapter.ssot.adapter["memory"]
    return declared


def _settings(adapter: EngineAdapter) -> dict[str, Any]:
    """What a reader asks of a config; the share of the memory that the library takes by default, as it has it."""
    settings = dict(_declared(adapter)["settings"])
    place, _, names = settings.pop("share").partition(":")
    at: Any = importlib.import_module(place)
    for name in names.split("."):
        at = getattr(at, name)
    return {**settings, "utilization": at}


def _optional(name: str) -> list[str]:
    """The keys that a type counts with, and that may be null."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        _add_optional(importlib.import_module(_TYPES).CONFIG_MAPPING[name], "", found)
    return found


def _add_optional(cls: Any, prefix: str, found: list[str]) -> None:
    declared: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        declared.update(vars(base).get("__annotations__", {}))
    found.extend(f"{prefix}{key}" for key, kind in declared.items() if "None" in str(kind) and "int" in str(kind))
    for part, inner in (getattr(cls, "sub_configs", None) or {}).items():
        if inner.__name__ != "AutoConfig":
            _add_optional(inner, f"{prefix}{part}.", found)


def render_memory(memory: Mapping[str, Any]) -> str:
    """The laws as text that is the same twice: a line for each type."""
    types = memory["model_types"]
    head = json.dumps({**memory, "model_types": {}}, indent=1, sort_keys=True)
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(of, sort_keys=True, separators=(',', ':'))}"
        for name, of in sorted(types.items())
    )
    return head.replace('"model_types": {}', '"model_types": {\n' + lines + "\n }") + "\n"
