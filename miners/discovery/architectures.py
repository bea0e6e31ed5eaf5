"""What the library itself says of each architecture that it has: of its class, and of a model that names it.

Asked is in a forked child, in which the classes are imported one after the other; where it dies, in one for each half.
What cannot be imported here, and what a model of that name cannot be built for, stays unknown.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.corpus.models_layout import UNKNOWN, UNLESS
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.held import held_facts
from pytest_llem_invariants.engines.tiny_model import tiny_model
from pytest_llem_invariants.model import EMPTY
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.replay.state import silent_streams, without_waiting

KEY: Final = "architectures"
"""The key of config.json that names them."""
_SECONDS: Final = 300.0
_SPARE: Final = 8 * 1024**3
_CONFIG: Final = "config.json"

Facts = dict[str, Any]


def architecture_facts(adapter: EngineAdapter) -> dict[str, tuple[str, ...]]:
    """The facts that the table of architectures tells, each with where the library's object of a model keeps it."""
    return {
        name: field.found
        for name, field in adapter.ssot.context.items()
        if field.found and field.reading is not None and field.reading.table == KEY
    }


def supported_architectures(adapter: EngineAdapter) -> tuple[str, ...]:
    """The names of the architectures that this version has."""
    return tuple(sorted(_named(adapter.ssot.adapter["model_types"][KEY])()))


def discover_architectures(adapter: EngineAdapter) -> dict[str, Any]:
    """The table: what most architectures have, and of each one what it has otherwise."""
    facts = architecture_facts(adapter)
    names = supported_architectures(adapter)
    answers = [_in_children(adapter, names, world) for world in _worlds(adapter)] if facts else [{}]
    found = {name: _agreed([of.get(name, {}) for of in answers]) for name in names}
    return tabulated(facts, found, adapter.ssot.adapter["model_types"].get("exchanged", EMPTY))


def _worlds(adapter: EngineAdapter) -> Iterator[Mapping[str, Any]]:
    """Where the classes are looked at: a library may have another class of a name on another platform."""
    yield EMPTY
    yield from adapter.ssot.adapter["model_types"]["inspected"].get("also", ())


def _agreed(answers: Sequence[Facts]) -> Facts:
    """What is said in every world."""
    return {
        fact: value
        for fact, value in answers[0].items()
        if all(fact in other and other[fact] == value for other in answers)
    }


def _in_children(adapter: EngineAdapter, names: Sequence[str], world: Mapping[str, Any]) -> dict[str, Facts]:
    def answer() -> bytes:
        logging.disable(logging.CRITICAL)
        time.sleep = without_waiting
        with (
            adapter.context(world),
            adapter.looking_at_models(),
            silent_streams(),
            tempfile.TemporaryDirectory() as folder,
        ):
            return json.dumps({name: _of(adapter, name, Path(folder)) for name in names}).encode()

    data, trouble = in_child(answer, _SECONDS, _SPARE)
    if trouble is None:
        found: dict[str, Facts] = json.loads(data)
        return found
    if len(names) == 1:
        return {}
    half = len(names) // 2
    return {**_in_children(adapter, names[:half], world), **_in_children(adapter, names[half:], world)}


def _of(adapter: EngineAdapter, name: str, folder: Path) -> Facts:
    """What its class says, and what a model that names it adds where one can be built; else nothing."""
    declared, found = adapter.ssot.adapter["model_types"], architecture_facts(adapter)
    with contextlib.suppress(Exception):
        inspected = _named(declared["inspected"]["by"])(name)
        told = held_facts({declared["inspected"]["as"]: inspected}, found)
        if inspected is None or not told:
            return {}
        built: Facts = {}
        with contextlib.suppress(Exception):
            built = _of_a_model(adapter, name, folder)
        return {fact: value for fact, value in {**built, **told}.items() if built.get(fact, value) == value}
    return {}


def _of_a_model(adapter: EngineAdapter, name: str, folder: Path) -> Facts:
    """What the placeholder model has that names this architecture."""
    config = json.loads((tiny_model() / _CONFIG).read_text(encoding="utf-8"))
    place = folder / name
    place.mkdir()
    (place / _CONFIG).write_text(json.dumps({**config, KEY: [name]}), encoding="utf-8")
    wanted = architecture_facts(adapter)
    return {fact: value for fact, value in adapter.facts_of(place).items() if fact in wanted}


def _named(dotted: str) -> Callable[..., Any]:
    """What `module:one.other` names."""
    module, _, path = dotted.partition(":")
    found: Callable[..., Any] = attrgetter(path)(importlib.import_module(module))
    return found


def tabulated(
    facts: Iterable[str], found: Mapping[str, Facts], exchanged: Mapping[str, Sequence[str]] = EMPTY
) -> dict[str, Any]:
    """The answers as the table has them: what is usual stands once.

    Where one of the keys of `exchanged` is written, the library takes another architecture instead of that one.
    """
    usual = {}
    for fact in sorted(facts):
        seen = Counter(json.dumps(told[fact]) for told in found.values() if fact in told)
        if seen:
            usual[fact] = json.loads(min(seen, key=lambda value: (-seen[value], value)))
    names = {name: _otherwise(usual, told) for name, told in sorted(found.items())}
    for name in names.keys() & exchanged:
        names[name][UNLESS] = list(exchanged[name])
    return {"usual": usual, "names": names}


def _otherwise(usual: Mapping[str, Any], told: Facts) -> Facts:
    unknown = [fact for fact in usual if fact not in told]
    others = {fact: value for fact, value in sorted(told.items()) if value != usual[fact]}
    return {**others, **({UNKNOWN: unknown} if unknown else {})}
