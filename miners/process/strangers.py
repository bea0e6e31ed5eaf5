"""What this machine has and an engine's recipe does not give it: while it is mined, the library does not find it.

Else a package or a variable that somebody needs for something else would decide which rules there are.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pytest_llem_invariants.engines.hosts import hide
from pytest_llem_invariants.ssot import Ssot, installed_version

_OURS: Final = "pytest-llem-invariants"
_NO_DEPS: Final = "--no-deps"


def alone(ssot: Ssot, pretended: Iterable[str] = ()) -> frozenset[str]:
    """Leave the library what the recipe installs, and of its own variables what its file sets; gives what is hidden."""
    prefix = ssot.releases.get("environment", {}).get("prefix")
    kept = {*ssot.environ, ssot.adapter.get("model_types", {}).get("cache")}
    for name in [name for name in os.environ if prefix is not None and name.startswith(prefix) and name not in kept]:
        del os.environ[name]
    return hide_strangers(ssot, pretended)


def hide_strangers(ssot: Ssot, pretended: Iterable[str] = ()) -> frozenset[str]:
    """Hide what the recipe does not install, also what is only `pretended` to be here; nothing without a recipe.

    What is imported already stays: this process needs it.
    """
    if not ssot.recipe:
        return frozenset()
    kept = _installed_by(ssot, installed_version(ssot))
    here = importlib.metadata.packages_distributions()
    strange = {name for name, owners in here.items() if kept.isdisjoint(map(canonicalize_name, owners))}
    strange |= {name for name in pretended if name not in here and canonicalize_name(name) not in kept}
    found = frozenset(strange - sys.modules.keys())
    hide(found)
    return found


def _installed_by(ssot: Ssot, version: str) -> frozenset[str]:
    """The distributions that the recipe for a version installs, and what these and this package need."""
    found: dict[str, None] = {}
    waiting = [(_OURS, True), *_named(ssot, version)]
    while waiting:
        name, with_needs = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend((needed, True) for needed in _needs_of(name) if with_needs)
    return frozenset(found)


def _named(ssot: Ssot, version: str) -> Iterator[tuple[str, bool]]:
    """What each call of the recipe names, and whether it installs what that needs."""
    for call in ssot.recipe:
        if call.when is None or call.when.contains(version, prereleases=True):
            for word in call.arguments:
                path = ssot.path.parent / word
                lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else [word]
                names = (_name_of(line.replace("{version}", version)) for line in lines)
                yield from ((name, _NO_DEPS not in call.arguments) for name in names if name is not None)


def _name_of(line: str) -> str | None:
    text = line.partition("#")[0].strip()
    try:
        return None if not text or text.startswith("-") else canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return None


def _needs_of(name: str) -> Iterator[str]:
    """What a distribution asks for here; extras are for who asks for them."""
    surroundings = {**{key: str(value) for key, value in default_environment().items()}, "extra": ""}
    try:
        lines = importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError:
        return
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(surroundings):
            yield canonicalize_name(requirement.name)
