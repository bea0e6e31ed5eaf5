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
from importlib.metadata import PackageNotFoundError, requires
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pytest_llem_invariants.checker.layout import NEWEST
from pytest_llem_invariants.checker.unlisted import FAMILY, family
from pytest_llem_invariants.corpus.models_layout import UNKNOWN, UNLESS
from pytest_llem_invariants.corpus.packages_layout import PACKAGES, allowed_by, names_in, read_packages
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.held import held_facts
from pytest_llem_invariants.engines.tiny_model import tiny_model
from pytest_llem_invariants.model import EMPTY
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.replay.state import silent_streams, without_waiting
from pytest_llem_invariants.worlds.derived import TYPE

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


def known_names(adapter: EngineAdapter) -> dict[str, dict[str, Any]]:
    """The types of models whose config the library reads itself, the families of which a package has classes, and the
    versions of that package: what is none of these, the library takes in no way.

    The package is the one that is installed and, where the library's own requirement ends before the newest release,
    each that it allows.
    """
    declared = adapter.ssot.adapter["model_types"]
    types = {str(name) for place in declared.get("known", ()) for name in _listed(place)}
    package = declared.get("families")
    if package is None or not types:
        return {}
    names = [name for name in dir(importlib.import_module(package)) if family(name) != name]
    families = {family(name) for name in (*names, *supported_architectures(adapter))}
    allowed, more = _in_releases(adapter, package)
    told = {TYPE: types | more.get("types", set()), f"{KEY}{FAMILY}": families | more.get("families", set())}
    versions = {version: {NEWEST: True} if [version] == allowed[-1:] else {} for version in allowed}
    versions.setdefault(adapter.versions()[package], {})
    named: dict[str, Any] = {
        key: {"usual": {}, "names": {name: {} for name in sorted(found)}} for key, found in told.items()
    }
    return {f"packages.{package}": {"usual": {}, "names": versions}, **named}


def _in_releases(adapter: EngineAdapter, package: str) -> tuple[list[str], dict[str, set[str]]]:
    """The releases of a package that the library allows, where they end, and the names that they have."""
    table = read_packages(adapter.ssot.path.parent.parent / "corpora" / adapter.ssot.engine / PACKAGES).get(package)
    required = requirement_on(adapter.ssot.library, package)
    allowed = [] if table is None or required is None else allowed_by(required, table)
    return allowed, names_in(table, allowed) if table is not None and allowed else {}


def requirement_on(library: str, package: str) -> SpecifierSet | None:
    """Which releases of a package the installed library asks for; None where it asks for none by itself."""
    with contextlib.suppress(PackageNotFoundError):
        for line in requires(library) or ():
            asked = Requirement(line)
            if canonicalize_name(asked.name) == canonicalize_name(package) and asked.marker is None:
                return asked.specifier
    return None


def _listed(place: str) -> Iterable[Any]:
    """What stands at `module:name`; nothing in a version that lacks it."""
    module, _, name = place.partition(":")
    with contextlib.suppress(ImportError):
        found: Iterable[Any] = getattr(importlib.import_module(module), name, ())
        return list(found)
    return ()


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
