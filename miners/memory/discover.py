"""All types of models of an engine: each is studied in a child of its own, and what hangs or raises says nothing.

What another version holds is asked for first, where it is known: what holds here, too, is not studied anew. When all
are known, each is asked which of the keys that others count with it does not read.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.discovery import models
from miners.discovery.model_facts import text_path
from miners.memory.child import looked_at
from miners.memory.draws import NOT_COUNTED, written
from miners.memory.known import check_known
from miners.memory.seen import NoLawError
from miners.memory.study import Lists, Study
from miners.memory.types import Form, apart, forms_of, open_parts
from miners.memory.unread import unread
from miners.process.progress import Progress
from miners.process.workers import AnswerLimits, forked
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.fit.models import flat, spoken_by

FILE: Final = "memory.discovered.json"
SCHEMA_VERSION: Final = "1.0.0"
_SECONDS: Final = 600.0
"""On a busy machine; alone, most types take less than ten seconds."""
_TYPES: Final = "transformers.models.auto.configuration_auto"
_OF_WEIGHTS: Final = frozenset({"tie_word_embeddings"})
"""A setting that every type has, and that changes what is held."""
_ABOUT: Final = frozenset({"architecture", "aliases", "knows", "unread", "parts", "counted"})
"""What is said of a type anew."""


@final
@dataclass(frozen=True, slots=True)
class _Asked:
    """A type in one form, and how the library is asked about it."""

    study: Study
    whole: Mapping[str, Any]
    about: dict[str, Any]
    """What stands in its entry beside the laws."""


@final
@dataclass(frozen=True, slots=True)
class _Types:
    """Studies one type of model in a child."""

    adapter: EngineAdapter
    asks: Any
    usual: frozenset[str]
    forms: Mapping[str, Form]
    known: Mapping[str, Mapping[str, Any]]
    """What is known of another version, or of this one."""

    def entry(self, name: str) -> dict[str, Any]:
        """The laws of a type, or why there are none."""
        return looked_at(lambda: self._told(lambda: self._entry(name)), _SECONDS)

    def unread(self, asked: tuple[str, list[str], list[str]]) -> dict[str, Any]:
        """What a type does not read of the keys of others: its name, the keys, and what it knows already."""
        name, spoken, knows = asked

        def told() -> dict[str, Any]:
            of = self._asked(name)
            return {"unread": unread(of.study, of.whole, spoken, knows)}

        return looked_at(lambda: self._told(told), _SECONDS)

    def _told(self, told: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return told()
        except NoLawError as error:
            return {"none": str(error)}
        except Exception as error:
            return {"none": f"{type(error).__name__}: {error}"}

    def _entry(self, name: str) -> dict[str, Any]:
        of = self._asked(name)
        if name in self.known:
            with contextlib.suppress(NoLawError):
                laws = {key: value for key, value in self.known[name].items() if key not in _ABOUT}
                return _with_about({**laws, **check_known(of.study, laws)}, of.about)
            of = self._asked(name)
        return _with_about(of.study.entry(), of.about)

    def _asked(self, name: str) -> _Asked:
        form, declared = self.forms[name], _declared(self.adapter)
        of = models._forms(form.kind, form.architecture, form.parts)
        implied = declared["implied"].get(name, {})
        beside = declared["written"].get(name, {})
        lists: Lists = {
            key: (one["of"], one["values"]) for key, one in declared.get("listed", {}).get(name, {}).items()
        }
        prefix = "".join(f"{part}." for part in text_path(of.whole))
        general = [f"{prefix}{key}" for key in declared["optional"]]
        optional = [key for key in dict.fromkeys((*_optional(form.kind), *general)) if key not in beside]
        whole, bare = (written(one, of.whole, beside) for one in (of.whole, of.bare))
        parts = {**open_parts(form.kind, of.whole), **form.parts}
        counted = {key: several for key, several in declared.get("counted", {}).items() if key in beside}
        about = {
            "architecture": form.architecture,
            "aliases": {f"{prefix}{one}": f"{prefix}{other}" for one, other in sorted(of.names.items())},
            "knows": sorted({key for key, _ in flat(whole)} | set(general) | set(implied)),
            "parts": parts,
            "counted": counted,
            "required": sorted({*beside, *lists}),
            "fixed": dict(implied),
        }
        return _Asked(
            Study(form.kind, self.asks, bare, whole, optional, self.usual, lists),
            whole,
            {key: value for key, value in about.items() if value or key in ("aliases", "knows")},
        )


def _with_about(entry: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """The laws of a type with what is said of it beside them."""
    fixed = {**entry.get("fixed", {}), **about.get("fixed", {})}
    required = sorted({*entry.get("required", ()), *about.get("required", ())})
    more = {**({"required": required} if required else {}), **({"fixed": fixed} if fixed else {})}
    return {**entry, **about, **more}


def discover_memory(
    adapter: EngineAdapter,
    names: Sequence[str],
    progress: Progress,
    *,
    workers: int = 1,
    spoken: Sequence[str] = (),
    known: Mapping[str, Mapping[str, Any]] = {},
) -> tuple[dict[str, Any], dict[str, str]]:
    """The laws of each type of model, or of those that are named; and of the others, why there are none.

    `spoken` are keys of which laws of other types speak, `known` the laws of another version.

    For a process that ends soon: packages are stood in for.
    """
    version = adapter.import_library()
    forms = forms_of(adapter)
    chosen = [name for name in forms if not names or name in names]
    asks = importlib.import_module(f"pytest_llem_invariants.engines.{adapter.ssot.engine}_memory").memory_of
    usual = frozenset(importlib.import_module("transformers").PreTrainedConfig().to_dict()) - _OF_WEIGHTS
    found: dict[str, Any] = {}
    without: dict[str, str] = {}
    with apart(adapter):
        types = _Types(adapter, asks, usual, forms, known)
        with progress.step("types of models", len(chosen)) as step, forked(workers, AnswerLimits(_SECONDS * 2)) as pool:
            for name, entry in zip(chosen, pool.map(types.entry, chosen), strict=True):
                if "none" in entry:
                    without[name] = entry["none"]
                else:
                    found[name] = entry
                step.advance()
        all_spoken = _spoken(found, spoken)
        asked = [(name, all_spoken, [*entry["knows"], *entry["aliases"]]) for name, entry in found.items()]
        with progress.step("keys of others", len(asked)) as step, forked(workers, AnswerLimits(_SECONDS * 2)) as pool:
            for entry, more in zip(found.values(), pool.map(types.unread, asked), strict=True):
                entry["unread"] = more.get("unread", [])
                step.advance()
    return {
        "schema_version": SCHEMA_VERSION,
        "engine": adapter.ssot.engine,
        "engine_version": version,
        "settings": _settings(adapter),
        "spoken": _with_what_they_know(found, all_spoken),
        "model_types": found,
    }, without


def _spoken(found: Mapping[str, Any], others: Sequence[str]) -> list[str]:
    """The last names of all keys of which some law speaks."""
    spoken = set(others)
    for entry in found.values():
        keys = spoken_by(entry).intersection((*entry["knows"], *entry["defaults"]))
        spoken.update(name.rpartition(".")[2] for name in keys if not NOT_COUNTED.search(name))
    return sorted(spoken)


def _with_what_they_know(found: Mapping[str, Any], spoken: Sequence[str]) -> list[str]:
    """Each type keeps what it knows of these keys."""
    for entry in found.values():
        own = spoken_by(entry)
        entry["knows"] = [name for name in entry["knows"] if name.rpartition(".")[2] in spoken]
        entry["unread"] = [name for name in entry.get("unread", ()) if name.rpartition(".")[2] in spoken]
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
