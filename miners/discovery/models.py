"""What the library makes of the models that transformers knows: which keys of a config.json tell which facts, per type.

Each type is asked about in a forked child with a time limit: folders with its default config, as its class writes it
and bare, then with each key at other values and with each other setting changed. What hangs or raises says nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import itertools
import json
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from miners.discovery.architectures import KEY, discover_architectures, known_names, supported_architectures
from miners.discovery.model_facts import ENOUGH, NOTHING, OF_TEXT, Observation, entry_of, get, text_path
from miners.process.progress import Progress
from pytest_llem_invariants.corpus.context import context_to_data
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.stand_ins import standing_in
from pytest_llem_invariants.model import ContextField, Reading
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.replay.state import silent_streams, without_waiting
from pytest_llem_invariants.worlds.derived import TYPE, derived
from pytest_llem_invariants.worlds.model_folder import model_facts

FILE: Final = "models.discovered.json"
SCHEMA_VERSION: Final = "1.1.0"
_SECONDS: Final = 60.0
_SPARE: Final = 4 * 1024**3
_MOST_TRIED: Final = 6
_TYPES: Final = "transformers.models.auto.configuration_auto"
_ARCHITECTURES: Final = "transformers.models.auto.modeling_auto"
_LIKELIEST: Final = ("MODEL_FOR_CAUSAL_LM_MAPPING_NAMES", "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES")
_HEAD: Final = ("model_type", "architectures")


@final
@dataclass(frozen=True, slots=True)
class Part:
    """One of several parts of the types of models; what another table has of the others is taken as it is."""

    turn: int
    of: int
    others: Mapping[str, dict[str, Any]]

    def has(self, name: str) -> bool:
        """Whether a type belongs to it: each belongs to one, whatever others there are."""
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % self.of == self.turn % self.of


_WHOLE: Final = Part(0, 1, {})


def discover_models(adapter: EngineAdapter, progress: Progress, part: Part = _WHOLE) -> dict[str, Any]:
    """The table of one version: what is proven for each type of model that it can build.

    For a process that ends soon: packages are stood in for.
    """
    version = adapter.import_library()
    every = _types(adapter)
    types = {name: every[name] for name in every if part.has(name)}
    table = {name: part.others[name] for name in every if name not in types and name in part.others}
    with apart(adapter), progress.step("types of models", len(types)) as step:
        warm(adapter)
        architectures = discover_architectures(adapter)
        for name in sorted(types, key=_has_parts):  # a text part is read as the type that it is
            entries = _of_type(adapter, table, name, types[name])
            if entries:
                table[name] = entries
            step.advance()
    return {
        "schema_version": SCHEMA_VERSION,
        "engine": adapter.ssot.engine,
        "engine_version": version,
        "facts": {name: {"keys": list(one.reading.keys)} for name, one in _facts(adapter).items() if one.reading},
        "model_types": {name: dict(sorted(entries.items())) for name, entries in sorted(table.items())},
        "named": {KEY: architectures, **known_names(adapter)} if architectures["names"] else {},
    }


def _facts(adapter: EngineAdapter) -> dict[str, ContextField]:
    """What the library can be asked of a model, and a reader finds in its files."""
    return {
        name: field
        for name, field in adapter.ssot.context.items()
        if field.found and field.reading and field.reading.table in (None, TYPE)
    }


def _has_parts(name: str) -> bool:
    """Whether models of this type have a part of their own that speaks of text."""
    with contextlib.suppress(Exception), silent_streams():
        return bool(text_path(_forms(name, "").whole))
    return False


@contextmanager
def apart(adapter: EngineAdapter) -> Iterator[None]:
    """Packages stood in for, and a cache of the library's own that knows nothing and is thrown away."""
    declared = adapter.ssot.adapter["model_types"]
    variable = declared["cache"]
    before = os.environ.get(variable)
    with tempfile.TemporaryDirectory() as folder, standing_in(declared["stand_ins"]):
        os.environ[variable] = folder
        try:
            yield
        finally:
            os.environ.pop(variable)
            os.environ.update({variable: before} if before is not None else {})


def warm(adapter: EngineAdapter) -> None:
    """Let the library import once what it imports for a value of a fact, or each child would."""
    for name, field in _facts(adapter).items():
        for value in field.values:
            with contextlib.suppress(Exception), adapter.context({name: value}), silent_streams():
                adapter.warm(adapter.ssot.adapter["models"])
    for module in adapter.ssot.adapter["model_types"]["imports"]:
        with contextlib.suppress(Exception), silent_streams():
            importlib.import_module(module)


def _types(adapter: EngineAdapter) -> dict[str, str]:
    """The types of models of which the library has an architecture, and the likeliest one."""
    supported = set(supported_architectures(adapter))
    auto = vars(importlib.import_module(_ARCHITECTURES))
    types = importlib.import_module(_TYPES).CONFIG_MAPPING_NAMES
    found: dict[str, str] = {}
    for table in (*_LIKELIEST, *sorted(name for name in auto if name.endswith("_MAPPING_NAMES"))):
        for name, classes in auto.get(table, {}).items():
            for one in (classes,) if isinstance(classes, str) else classes:
                if one in supported and name in types:
                    found.setdefault(name, one)
    return dict(sorted(found.items()))


def _of_type(adapter: EngineAdapter, table: Mapping[str, Any], name: str, architecture: str) -> dict[str, Any]:
    """What is proven for one type; nothing where the child has no answer."""
    with tempfile.TemporaryDirectory() as folder:

        def answer() -> bytes:
            logging.disable(logging.CRITICAL)
            time.sleep = without_waiting
            return json.dumps(_Type(adapter, table, Path(folder), name, architecture).entries()).encode()

        data, trouble = in_child(answer, _SECONDS, _SPARE)
    entries: dict[str, Any] = {} if trouble is not None else json.loads(data)
    return entries


@final
@dataclass(frozen=True, slots=True)
class _Forms:
    """The default config of a type: as its class writes it whole, without what is at its default, and bare."""

    whole: dict[str, Any]
    short: dict[str, Any]
    bare: dict[str, Any]
    names: Mapping[str, str]
    """What keys are called generally → what the class that speaks of text calls them."""
    is_open: bool
    """Whether the part that speaks of text may be of any type, each with defaults of its own."""


@final
class _Type:
    """One type of model, in the child."""

    def __init__(
        self, adapter: EngineAdapter, table: Mapping[str, Any], folder: Path, name: str, architecture: str
    ) -> None:
        self._adapter = adapter
        self._facts = _facts(adapter)
        self._table = table
        self._folder = folder
        self._beside: Mapping[str, Mapping[str, Mapping[str, Any]]] = adapter.ssot.adapter.get("beside", {})
        self._forms = _forms(name, architecture)
        self._path = text_path(self._forms.whole)
        self._seen: list[Observation] = []
        self._asked = 0

    def entries(self) -> dict[str, Any]:
        """Fact → how it is read, for those that are proven."""
        forms = self._forms
        for config in (forms.bare, forms.short, forms.whole):
            if not self._see(config):
                return {}
        keys = self._keys()
        for key, fact in keys.items():
            self._write(key, fact)
        for one, other in itertools.combinations(keys, 2):
            if keys[one] == keys[other]:
                self._write_both(one, other)
        self._lower()
        self._leave_out(keys)
        self._change(keys)
        found = {
            name: entry_of(name, field, self._asked_of(keys, name), self._seen, has_default=self._has_default(field))
            for name, field in self._facts.items()
        }
        return self._as_a_reader_does({name: entry for name, entry in found.items() if entry is not NOTHING})

    def _asked_of(self, keys: Mapping[str, str], name: str) -> list[str]:
        """The keys that may tell a fact: its own, and those of others that were seen at enough values to say so."""
        seen = Counter(one.alone[0] for one in self._seen if one.alone)
        return [key for key in _own_first(keys, name) if keys[key] == name or seen[key] >= ENOUGH]

    def _has_default(self, field: ContextField) -> bool:
        """A text part of any type has the defaults of that type; of what only a key says, there is none without one."""
        reading = field.reading or Reading()
        if field.only_written:
            part = _at(self._forms.whole, self._path)
            names = self._forms.names
            if all(get(part, key) is None and get(part, names.get(key, key)) is None for key in reading.keys):
                return False
        return not self._forms.is_open or reading.of == "config"

    def _as_a_reader_does(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        """Those with which the checker takes from each folder what the library has, or nothing."""
        declared = context_to_data(self._adapter.ssot.context)
        wrong: set[str] = set()
        for one in self._seen:
            facts = model_facts(str(one.folder))
            read = derived(declared, facts, lambda: {**self._table, self._forms.bare["model_type"]: entries})
            wrong.update(
                name for name, value in read.items() if name in entries and value != one.found.get(name, NOTHING)
            )
        return {name: entry for name, entry in entries.items() if name not in wrong}

    def _keys(self) -> dict[str, str]:
        """Every key that may tell a fact, by any name, and the fact."""
        keys: dict[str, str] = {}
        for name, field in self._facts.items():
            reading = field.reading
            for key in reading.keys if reading else ():
                keys.setdefault(key, name)
                if key in self._forms.names:
                    keys.setdefault(self._forms.names[key], name)
        return keys

    def _see(self, config: Mapping[str, Any], alone: tuple[str, Any] | None = None) -> bool:
        """Ask the library about a config; whether it takes it."""
        folder = self._folder / str(self._asked)
        self._asked += 1
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        with contextlib.suppress(Exception):  # what the library does not take says nothing
            self._seen.append(Observation(config, self._adapter.facts_of(folder), folder, alone))
            return True
        return False

    def _write(self, key: str, fact: str) -> None:
        """See the bare config with a key at two values that the library takes, and the whole one with the first."""
        taken = 0
        for value in self._values(fact):
            if self._see(self._with(self._forms.bare, {key: value}, fact), (key, value)):
                if not taken:
                    self._see(self._with(self._forms.whole, {key: value}, fact))
                taken += 1
            if taken == ENOUGH:
                return

    def _write_both(self, one: str, other: str) -> None:
        """See two keys at different values, each first."""
        fact = self._keys()[one]
        for first, second in itertools.pairwise(self._values(fact)):
            if self._see(self._with(self._forms.bare, {one: first, other: second}, fact)):
                self._see(self._with(self._forms.bare, {other: first, one: second}, fact))
                return

    def _leave_out(self, keys: Mapping[str, str]) -> None:
        """See each key as null, which may be another thing than not to write it."""
        for key, fact in keys.items():
            stands = get(_at(self._forms.whole, self._path), key) is not None
            self._see(self._with(self._forms.whole if stands else self._forms.bare, {key: None}, fact))

    def _lower(self) -> None:
        """See what may lower a fact."""
        for name, field in self._facts.items():
            for other in (field.reading or Reading()).lowered_by:
                if other.startswith(OF_TEXT):
                    self._see(self._with(self._forms.whole, {other.removeprefix(OF_TEXT): 1}, name))

    def _values(self, fact: str) -> list[Any]:
        """Values to write: declared ones, and neighbours of a number; none that stands for another fact here."""
        found = self._seen[0].found
        base = found.get(fact)
        near = [base * 2, base // 2, base + 1] if isinstance(base, int) and base > 1 else []
        if self._facts[fact].type == "bool":
            return [not base]
        beside = [value + 1 for value in self._facts[fact].values if self._facts[fact].type == "int" and value]
        declared = (*self._facts[fact].values, *near, *beside)
        values = [value for value in declared if value and value not in found.values()]
        return list(dict.fromkeys(values))[:_MOST_TRIED]

    def _with(self, config: Mapping[str, Any], written: Mapping[str, Any], fact: str) -> dict[str, Any]:
        """A config with keys written where the fact has its keys, and what the library wants beside such a value."""
        reading = self._facts[fact].reading
        path = self._path if reading is None or reading.of == "text" else ()
        changed: dict[str, Any] = json.loads(json.dumps(config))
        part = self._part(changed, path)
        for key, value in written.items():
            *parents, last = key.split(".")
            at = part
            for parent in parents:
                at = at.setdefault(parent, {})
            at.update({last: value, **self._beside.get(fact, {}).get(str(value), {})})
        return changed

    def _part(self, config: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
        """A part of a config; where it is not there, one that says what type it is."""
        whole: Any = self._forms.whole
        for name in path:
            whole = whole[name]
            config = config.setdefault(name, {key: whole[key] for key in ("model_type",) if whole.get(key)})
        return config

    def _change(self, keys: Collection[str]) -> None:
        """See the whole config with other settings changed: what no key tells may still decide.

        A setting that is on or off by itself; numbers together, and by halves where the library does not take them.
        """
        numbers = []
        for path in dict.fromkeys(((), self._path)):
            for key, value in _at(self._forms.whole, path).items():
                if key in keys or key in _HEAD:
                    continue
                if isinstance(value, bool):
                    self._see(self._changed({(*path, key): not value}))
                elif isinstance(value, int):
                    numbers.append(((*path, key), value + 1))
        self._change_together(numbers)

    def _change_together(self, changes: Sequence[tuple[tuple[str, ...], Any]]) -> None:
        if changes and not self._see(self._changed(dict(changes))) and len(changes) > 1:
            half = len(changes) // 2
            self._change_together(changes[:half])
            self._change_together(changes[half:])

    def _changed(self, changes: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
        config: dict[str, Any] = json.loads(json.dumps(self._forms.whole))
        for (*path, key), value in changes.items():
            _at(config, path)[key] = value
        return config


def _forms(name: str, architecture: str, parts: Mapping[str, str] = {}) -> _Forms:
    """The forms of a type; of its parts, these are of another type than by default."""
    cls = importlib.import_module(_TYPES).CONFIG_MAPPING[name]
    begun = {part: {"model_type": kind} for part, kind in parts.items()}
    config = cls(**begun)
    head = {"model_type": name, "architectures": [architecture]}
    whole = {**json.loads(config.to_json_string(use_diff=False)), **head}
    short = {**json.loads(config.to_json_string()), **head}
    names: dict[str, str] = dict(getattr(config, "attribute_map", {}) or {})
    is_open = False
    for part in text_path(whole):
        declared = getattr(type(config), "sub_configs", {}).get(part)
        is_open = is_open or declared is None or declared.__name__ == "AutoConfig"
        config = getattr(config, part)
        names.update(getattr(config, "attribute_map", {}) or {})
    return _Forms(whole, short, {**head, **begun}, names, is_open)


def _at(config: Mapping[str, Any], path: Sequence[str]) -> Any:
    part: Any = config
    for name in path:
        part = part[name]
    return part


def _own_first(keys: Mapping[str, str], name: str) -> list[str]:
    return [key for key in keys if keys[key] == name] + [key for key in keys if keys[key] != name]


def render_models(models: Mapping[str, Any]) -> str:
    """The table as text that is the same twice: a line for each type, and for each name."""
    tables = {key: table["names"] for key, table in sorted(models.get("named", {}).items())}
    named = {key: {**table, "names": {}} for key, table in models.get("named", {}).items()}
    head = json.dumps({**models, "model_types": {}, "named": named}, indent=2, sort_keys=True, ensure_ascii=False)
    for names in tables.values():
        head = head.replace('"names": {}', _lines("names", names, 6), 1)
    return head.replace('"model_types": {}', _lines("model_types", models["model_types"], 2)) + "\n"


def _lines(key: str, table: Mapping[str, Any], depth: int) -> str:
    indent = "\n" + " " * depth
    lines = ",".join(
        f"{indent}  {json.dumps(name)}: {json.dumps(of, sort_keys=True)}" for name, of in sorted(table.items())
    )
    return f'"{key}": {{{lines}{indent}}}'
