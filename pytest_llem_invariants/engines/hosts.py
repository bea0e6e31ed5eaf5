"""Another machine to mine on, pretended: it differs from this one in all that no fact says, and no rule may show it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final, final

from pytest_llem_invariants.engines.stand_ins import stand_in
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.model import EMPTY
from pytest_llem_invariants.ssot import Ssot
from pytest_llem_invariants.text.likeness import near_names

HOST: Final = "host"
"""Under this key of `adapter` stands the machine that a process pretends to be."""
_HOSTS: Final = "hosts"
_KEYS: Final = frozenset({"environ", "packages", "say", "model", "facts"})
_LIKE: Final = "like"


@final
@dataclass(frozen=True, slots=True)
class Host:
    """What a pretended machine has that this one has not."""

    environ: Mapping[str, str | None]
    """Variables that are set there before anything is imported; null unsets one."""
    packages: Mapping[str, str | None]
    """Package → the version of an empty stand-in; null where it is not installed there."""
    say: Mapping[str, Any]
    """What functions and constants (`module:name`) say there."""
    model: Mapping[str, Any]
    """Keys of the placeholder model's config.json that are others there."""
    facts: Mapping[str, Any]
    """What stands there for the defaults of facts."""


def host_of(ssot: Ssot) -> Host:
    """The machine that a process with this SSOT pretends to be; one that changes nothing where it pretends nothing."""
    declared = ssot.adapter.get(HOST, EMPTY)
    return Host(**{key: declared.get(key, EMPTY) for key in sorted(_KEYS)})


def moved_to(ssot: Ssot, name: str) -> Ssot:
    """The SSOT of an engine on one of the machines that it declares."""
    declared = _declared(ssot, name)
    facts = declared.get("facts", EMPTY)
    strange = facts.keys() - ssot.context.keys()
    if strange:
        raise EngineUnavailableError(
            f"{ssot.engine}: the machine {name!r} of {ssot.path.name} has the fact {min(strange)!r}, "
            "which `context` does not declare — declare it there"
        )
    there = {fact: replace(ssot.context[fact], default=value) for fact, value in facts.items()}
    return replace(ssot, context={**ssot.context, **there}, adapter={**ssot.adapter, HOST: declared})


def _declared(ssot: Ssot, name: str) -> Mapping[str, Any]:
    """What the file says of a machine, and of the one that it is like."""
    hosts = ssot.adapter.get(_HOSTS, EMPTY)
    if name not in hosts:
        close = near_names(name, hosts)
        known = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(hosts)) or 'none'}"
        raise EngineUnavailableError(f"{ssot.engine}: {ssot.path.name} declares no machine {name!r} — {known}")
    unknown = hosts[name].keys() - _KEYS - {_LIKE}
    if unknown:
        raise EngineUnavailableError(
            f"{ssot.engine}: the machine {name!r} of {ssot.path.name} has {min(unknown)!r} — "
            f"a machine has {', '.join(sorted(_KEYS))}"
        )
    own = {key: value for key, value in hosts[name].items() if key != _LIKE}
    return {**_declared(ssot, hosts[name][_LIKE]), **own} if _LIKE in hosts[name] else own


def enter(host: Host) -> None:
    """Be that machine from now on, in this process and all that are copied from it."""
    for name, value in host.environ.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    hide(name for name, version in host.packages.items() if version is None)
    present = {name: version for name, version in host.packages.items() if version is not None}
    if present:
        stand_in(present)


def hide(names: Iterable[str]) -> None:
    """Let no module of these names be found from now on, nor a distribution that is called like one."""
    absent = frozenset(names)
    if absent:
        sys.meta_path[:] = [Without(finder, absent) for finder in sys.meta_path]


@final
class Without(MetaPathFinder):
    """A finder that does not find some packages."""

    def __init__(self, finder: Any, absent: frozenset[str]) -> None:
        self._finder = finder
        self._absent = absent

    def over(self, change: Callable[[Any], Any]) -> Without:
        """The same over another finder."""
        return Without(change(self._finder), self._absent)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in self._absent:
            return None
        found: ModuleSpec | None = self._finder.find_spec(fullname, path, target)
        return found

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context | None = None
    ) -> Iterable[importlib.metadata.Distribution]:
        ask = getattr(self._finder, "find_distributions", None)
        context = context or importlib.metadata.DistributionFinder.Context()
        if ask is None or _as_module(context.name or "") in self._absent:
            return ()
        found: Iterable[importlib.metadata.Distribution] = ask(context)
        return found

    def invalidate_caches(self) -> None:
        ask = getattr(self._finder, "invalidate_caches", None)
        if ask is not None:
            ask()


def _as_module(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
