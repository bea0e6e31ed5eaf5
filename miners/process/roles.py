"""Whether a producer may trust the library at hand: its pin, its landmarks, its version and the declared classes.

A producer would silently skip what it does not find: fewer rules, and exit status 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, final

from packaging.version import Version

from miners.surface.source import source_targets
from miners.surface.source_classes import Skeletons
from miners.surface.source_landmarks import look_up_in
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.landmarks import Missing, look_up, missing_places, nearest_of, said_nearest
from pytest_llem_invariants.errors import LlemError, MinerError, MinerLandmarkMissingError
from pytest_llem_invariants.native_types import NativeType
from pytest_llem_invariants.ssot import Ssot, check_pin, installed_version

NO_DYNAMIC_MINER: Final = "no_dynamic_miner"
"""The key in an SSOT's adapter facts that says why an engine is not probed."""
READING: Final = ("static", "schemas")
"""The roles of a build from source."""


class Library(Protocol):
    """An engine's library, installed or as a source tree."""

    @property
    def ssot(self) -> Ssot: ...

    @property
    def version(self) -> str: ...

    def look_up(self, landmark: str) -> Missing | None:
        """Whether a landmark is missing."""

    def native_types(self) -> tuple[str, ...]:
        """The classes that the library has, with families expanded."""

    def missing_native_types(self) -> tuple[Missing, ...]:
        """The classes that are declared one by one and missing."""


@final
@dataclass(frozen=True, slots=True)
class Installed:
    """The installed library; it is imported if its version alone is not enough."""

    adapter: EngineAdapter

    @property
    def ssot(self) -> Ssot:
        return self.adapter.ssot

    @property
    def version(self) -> str:
        return installed_version(self.ssot)

    def look_up(self, landmark: str) -> Missing | None:
        self.adapter.import_library()
        return look_up(landmark)

    def native_types(self) -> tuple[str, ...]:
        return self.adapter.native_types()

    def missing_native_types(self) -> tuple[Missing, ...]:
        return self.adapter.missing_native_types()


@final
@dataclass(frozen=True, slots=True)
class Tree:
    """A source tree or a wheel; nothing of it is imported."""

    ssot: Ssot
    skeletons: Skeletons
    version: str

    def look_up(self, landmark: str) -> Missing | None:
        return look_up_in(self.skeletons, landmark)

    def native_types(self) -> tuple[str, ...]:
        targets = source_targets(self.skeletons, self.ssot)
        return tuple(name for name, target in targets.items() if self.skeletons.source_of(target) is not None)

    def missing_native_types(self) -> tuple[Missing, ...]:
        declared = (entry for entry in self.ssot.native_types.values() if not entry.is_glob)
        has = self.skeletons.source_of
        lacking = (entry.target for entry in declared if all(has(place) is None for place in entry.targets))
        return tuple(look_up_in(self.skeletons, target) or Missing(target, "it is not a class") for target in lacking)


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """The exceptions that a user allows."""

    other_version: bool = False
    """Another version than the SSOT's: report what it lacks instead of an error."""
    lost: tuple[str, ...] = ()
    """Native types that may be missing."""


def add_terms(parser: argparse.ArgumentParser) -> None:
    """Add the options for these exceptions."""
    parser.add_argument(
        "--other-version",
        action="store_true",
        help="accept a version other than that of engine_versions/: report what it lacks, and continue",
    )
    parser.add_argument(
        "--accept-lost",
        action="append",
        default=[],
        metavar="NAME",
        help="continue although this class no longer exists",
    )


def terms_of(options: argparse.Namespace) -> Terms:
    return Terms(options.other_version, tuple(options.accept_lost))


def roles_of_build(ssot: Ssot) -> tuple[str, ...]:
    """The roles of a build."""
    return tuple(role for role in (*READING, "dynamic", "invariants") if why_without(ssot, role) is None)


def why_without(ssot: Ssot, role: str) -> str | None:
    """Why an engine lacks such a producer; None if it has it."""
    reason = ssot.adapter.get(NO_DYNAMIC_MINER) if role == "dynamic" else None
    return None if reason is None else str(reason)


def check_roles(library: Library, roles: Iterable[str], terms: Terms = Terms()) -> str:
    """The version of the library if all of these roles may trust it; else the first reason why not, as an error."""
    for problem in problems_of(library, tuple(roles), terms):
        raise problem
    return library.version


def problems_of(library: Library, roles: Sequence[str], terms: Terms) -> Iterator[LlemError]:
    """Why roles may not trust a library, the version first: it needs no import."""
    ssot, version = library.ssot, library.version
    for role in roles:
        try:
            check_pin(ssot, role, version)
        except LlemError as error:
            yield error
    if not terms.other_version and Version(version).public != Version(ssot.version).public:
        yield MinerError(
            f"{ssot.engine}: {ssot.library} {version} was found, but {ssot.path.name} says {ssot.version} — "
            f"install {ssot.library}=={ssot.version}, change `version` there, or give --other-version"
        )
    for landmark in dict.fromkeys(landmark for role in roles for landmark in ssot.landmarks_of(role)):
        missing = library.look_up(landmark)
        if missing is not None:
            near = missing.nearest
            yield MinerLandmarkMissingError(ssot.engine, landmark, missing.detail, said_nearest(near), near)


def check_classes(library: Library, before: Iterable[str], terms: Terms) -> tuple[str, ...]:
    """Reject a library that lacks a class which is declared by name or existed before; report what the user allows.

    `before` are the native types in the last corpus or schema.
    """
    ssot, there = library.ssot, library.native_types()
    declared = {entry.target: entry.name for entry in ssot.native_types.values() if not entry.is_glob}
    gone: dict[str, str] = {}
    for missing in library.missing_native_types():
        name = declared[missing.name]
        gone[name] = f"{name} ({missing.detail}{said_nearest(missing.nearest)})"
    for family in ssot.families:
        if not any(_is_member(family, ssot.native_type(name)) for name in there):
            gone[family.name] = f"{family.name} (no public class of {family.module} matches {family.class_name})"
    for name in sorted(set(before) - set(there) - gone.keys()):
        gone[name] = f"{name} (it was there when last mined{said_nearest(nearest_of(name, there))})"
    pointless = [name for name in terms.lost if name not in gone]
    if pointless:
        raise MinerError(f"{ssot.engine}: --accept-lost {pointless[0]}: that class is not lost — leave the option out")
    refused = [said for name, said in gone.items() if name not in terms.lost and not terms.other_version]
    if refused:
        raise MinerError(
            f"{ssot.engine}: {ssot.library} {library.version} lacks {', '.join(refused)} — "
            f"correct native_types in {ssot.path.name}, or accept each that is gone: --accept-lost NAME"
        )
    return tuple(f"{ssot.library} {library.version} lacks {said}" for said in gone.values())


def _is_member(family: NativeType, entry: NativeType | None) -> bool:
    return entry is not None and entry.module == family.module and family.matches(entry.class_name)


def unheard(adapter: EngineAdapter) -> tuple[str, ...]:
    """The special cases of the SSOT that do not exist in this version, one line each."""
    version = adapter.import_library()
    return tuple(f"{adapter.ssot.library} {version} lacks {missing}" for missing in missing_places(adapter.ssot))


def chosen(names: Iterable[str], wanted: Collection[str] | None) -> list[str]:
    """The chosen classes, or all; an unknown one is an error."""
    known = list(names)
    for name in wanted or ():
        if name not in known:
            raise MinerError(f"unknown native type {name!r}{said_nearest(nearest_of(name, known))}")
    return [name for name in known if wanted is None or name in wanted]
