"""Requirement files of an engine follow what a release itself asks for.

A recipe installs a library without its dependencies, and of those just what its configs import. What the recipe itself
names is a person's choice and stays; a line of a requirement file moves where the release contradicts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pytest_llem_invariants.ssot import Ssot

_COMMENT: Final = re.compile(r"\s+#.*$")


@final
@dataclass(frozen=True, slots=True)
class Held:
    """What the recipe names otherwise than the release asks for."""

    name: str
    here: str
    asked: str

    def __str__(self) -> str:
        return f"{self.name}{self.here} where the release asks for {self.asked}"


def asked_for(lines: Iterable[str]) -> dict[str, Requirement]:
    """What a release needs here, by name, of the lines of its metadata: extras are for who asks for them."""
    surroundings = {str(key): str(value) for key, value in default_environment().items()} | {"extra": ""}
    found: dict[str, Requirement] = {}
    for line in lines:
        requirement = _requirement(line)
        if requirement is not None and (requirement.marker is None or requirement.marker.evaluate(surroundings)):
            found[canonicalize_name(requirement.name)] = requirement
    return found


def followed(text: str, asked: Mapping[str, Requirement], held: Iterable[str]) -> str:
    """A requirement file as the release wants it."""
    keep = set(held)
    return "".join(_line(line, asked, keep) for line in text.splitlines(keepends=True))


def held_otherwise(ssot: Ssot, version: str, asked: Mapping[str, Requirement]) -> Iterator[Held]:
    """The choices of the recipe that the release contradicts."""
    for requirement in _named(ssot, version):
        wanted = asked.get(canonicalize_name(requirement.name))
        if wanted is not None and _contradicts(requirement, wanted):
            yield Held(requirement.name, str(requirement.specifier), str(wanted.specifier))


def names_held(ssot: Ssot, version: str) -> frozenset[str]:
    return frozenset(canonicalize_name(one.name) for one in _named(ssot, version))


def files_of(ssot: Ssot, version: str) -> tuple[Path, ...]:
    """The requirement files that the recipe names."""
    folder = ssot.path.parent
    names = (word for call in ssot.recipe for word in call.arguments if call.when is None or version in call.when)
    return tuple(dict.fromkeys(folder / name for name in names if (folder / name).is_file()))


def _named(ssot: Ssot, version: str) -> Iterator[Requirement]:
    """What the recipe itself names for a version."""
    for call in ssot.recipe:
        if call.when is None or call.when.contains(version, prereleases=True):
            for word in call.arguments:
                requirement = None if word.startswith("-") or "{" in word else _requirement(word)
                if requirement is not None and requirement.specifier:
                    yield requirement


def _line(line: str, asked: Mapping[str, Requirement], held: set[str]) -> str:
    told = _COMMENT.sub("", line.rstrip("\n"))
    here = _requirement(told)
    if here is None or canonicalize_name(here.name) in held:
        return line
    wanted = asked.get(canonicalize_name(here.name))
    if wanted is None or not _contradicts(here, wanted):
        return line
    extras = f"[{','.join(sorted(here.extras))}]" if here.extras else ""
    return line.replace(told, f"{here.name}{extras}{wanted.specifier}", 1)


def _contradicts(here: Requirement, wanted: Requirement) -> bool:
    """Whether what stands here allows what the release does not: of a pin its version, of a range its very bounds."""
    if not here.specifier or not wanted.specifier or here.specifier == wanted.specifier:
        return False
    pins = [one.version for one in here.specifier if one.operator == "==" and not one.version.endswith(".*")]
    return not pins or not wanted.specifier.contains(pins[0], prereleases=True)


def _requirement(text: str) -> Requirement | None:
    text = text.strip()
    if not text or text.startswith(("#", "-")):
        return None
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
