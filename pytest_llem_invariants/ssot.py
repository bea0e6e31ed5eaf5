"""The single source of truth on engines: versions, pins, the allowlist of native types, landmarks."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from pytest_llem_invariants.corpus.context import read_context_fields
from pytest_llem_invariants.errors import EngineUnavailableError, MinerError, MinerVersionMismatchError
from pytest_llem_invariants.model import ContextField
from pytest_llem_invariants.native_types import LANDMARK, NativeType, native_types_of, specifier_of
from pytest_llem_invariants.text.likeness import near_names
from pytest_llem_invariants.text.strict import Section
from pytest_llem_invariants.text.yaml_reader import read_document

FOLDER: Final = "engine_versions"
ROLES: Final = ("static", "dynamic", "discovery", "invariants", "schemas")
"""Who reads a library: each has its own pin, because each relies on other parts of it.

`static` reads code, `schemas` lifts what types declare, `dynamic` probes, `discovery` writes the surface, and
`invariants` proves rules, while mining and in the replay.
"""
ALL_ROLES: Final = "all"
"""Under this key stand the landmarks of every role."""

_KEYS: Final = (
    "engine",
    "library",
    "version",
    "image",
    "miner_pins",
    "native_types",
    "landmarks",
    "loggers",
    "clusters",
    "context",
    "environ",
    "history",
    "recipe",
    "surface",
    "releases",
    "adapter",
    "routes",
)


@final
@dataclass(frozen=True, slots=True)
class Install:
    """A call of `pip install`; with `when`, only for versions of the library that match."""

    arguments: tuple[str, ...]
    when: SpecifierSet | None = None


@final
@dataclass(frozen=True, slots=True)
class Ssot:
    """What one file of `engine_versions/` declares."""

    engine: str
    library: str
    version: str
    image: str | None
    miner_pins: Mapping[str, SpecifierSet]
    native_types: Mapping[str, NativeType]
    landmarks: tuple[str, ...]
    """`module`, `module:Class` or `module:Class.method`, on which every role relies."""
    loggers: tuple[str, ...]
    clusters: Mapping[str, tuple[tuple[str, ...], ...]]
    """Native type → groups of fields that are probed together."""
    context: Mapping[str, ContextField]
    environ: Mapping[str, str]
    """Environment variables to be set before the library is imported."""
    history: tuple[str, ...]
    """The versions whose corpora are kept, oldest first."""
    surface: tuple[str, ...]
    """Modules beyond those of the native types whose code takes part in validation."""
    adapter: Mapping[str, Any]
    """Facts that only the engine's own adapter understands."""
    path: Path
    recipe: tuple[Install, ...] = ()
    """What makes an environment for `{version}`, call by call."""
    releases: Mapping[str, Any] = field(default_factory=dict)
    """What to read of each released version, and since which: read by `llem-mine releases`."""
    routes: Mapping[str, Any] = field(default_factory=dict)
    """How what people write reaches the native types: read by the checker."""
    role_landmarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role → what it alone relies on."""

    def image_of(self, version: str) -> str | None:
        """The image of a version: its tag names it."""
        return None if self.image is None else self.image.replace(self.version, version)

    def landmarks_of(self, role: str | None = None) -> tuple[str, ...]:
        """The landmarks of a role; without one, of all of them."""
        own = [self.role_landmarks.get(role, ())] if role is not None else self.role_landmarks.values()
        return tuple(dict.fromkeys((*self.landmarks, *(landmark for some in own for landmark in some))))

    @property
    def families(self) -> tuple[NativeType, ...]:
        return tuple(entry for entry in self.native_types.values() if entry.is_glob)

    def native_type(self, name: str) -> NativeType | None:
        """The entry for a name: its own, else that of the first family it belongs to; None if it is not allowed."""
        entry = self.native_types.get(name)
        if entry is not None:
            return None if entry.is_glob else entry
        for family in self.families:
            before, _, after = family.name.partition("*")
            if name.startswith(before) and name.endswith(after):
                class_name = name[len(before) : len(name) - len(after)]
                if class_name.isidentifier() and family.matches(class_name):
                    return family.member(class_name)
        return None


def data_root(start: Path | None = None) -> Path:
    """The folder that holds `engine_versions/` and `corpora/`: at or above `start`, or the package's."""
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / FOLDER).is_dir() and (folder / "corpora").is_dir():
            return folder
    package = Path(__file__).resolve().parent
    for folder in (package / "_data", package.parent):
        if (folder / FOLDER).is_dir():
            return folder
    raise EngineUnavailableError(f"no {FOLDER}/ folder at or above {begin}, and none in the installed package")


def known_engines(root: Path | None = None) -> tuple[str, ...]:
    """The engines that have a file in `engine_versions/`."""
    return tuple(sorted(path.stem for path in ((root or data_root()) / FOLDER).glob("*.yaml")))


def load_ssot(engine: str, root: Path | None = None) -> Ssot:
    """Read `engine_versions/<engine>.yaml`."""
    folder = root or data_root()
    engines = known_engines(folder)
    if engine not in engines:
        close = near_names(engine, engines)
        fix = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(engines) or 'none'}"
        raise EngineUnavailableError(f"unknown engine {engine!r} — {fix}")
    return read_ssot(folder / FOLDER / f"{engine}.yaml")


def read_ssot(path: Path) -> Ssot:
    """Read one file as strictly as a corpus."""
    document = read_document(path)
    top = Section(document, (), document.data)
    top.only(_KEYS)
    engine = top.text("engine")
    if engine != path.stem:
        top.fail(
            f"'engine' is {engine!r} in {path.name}", "engine", fix="use the same name for the file and the engine"
        )
    context = top.optional_section("context")
    landmarks = _landmarks(top)
    return Ssot(
        engine=engine,
        library=top.text("library"),
        version=_version(top, "version"),
        image=top.optional_text("image"),
        miner_pins=_pins(top.section("miner_pins")),
        native_types=native_types_of(top.section("native_types")),
        landmarks=landmarks.pop(ALL_ROLES, ()),
        loggers=top.texts("loggers"),
        clusters=_clusters(top),
        context={} if context is None else read_context_fields(context, found=True),
        environ=_environ(top),
        history=_history(top),
        surface=top.texts("surface"),
        adapter=top.values("adapter"),
        path=path,
        recipe=_recipe(top),
        releases=top.values("releases"),
        routes=top.values("routes"),
        role_landmarks=landmarks,
    )


def _version(section: Section, key: str) -> str:
    text = section.text(key)
    try:
        Version(text)
    except InvalidVersion:
        section.fail(f"{key!r} is {text!r}, which is not a PEP 440 version", key, fix="write it like 1.2.3")
    return text


def _pins(section: Section) -> dict[str, SpecifierSet]:
    section.only(ROLES)
    return {role: specifier_of(section, role) for role in section.data}


def _landmarks(top: Section) -> dict[str, tuple[str, ...]]:
    """Landmarks by role; a plain list is for all roles."""
    if not isinstance(top.data.get("landmarks"), Mapping):
        return {ALL_ROLES: _landmark_list(top, "landmarks")}
    section = top.section("landmarks")
    section.only((ALL_ROLES, *ROLES))
    return {role: _landmark_list(section, role) for role in section.data}


def _landmark_list(section: Section, key: str) -> tuple[str, ...]:
    landmarks = section.texts(key)
    for index, landmark in enumerate(landmarks):
        if not LANDMARK.match(landmark):
            fix = "write it like package.module:Class.method"
            section.fail(f"{landmark!r} is not a landmark", key, index, fix=fix)
    return landmarks


def _clusters(top: Section) -> dict[str, tuple[tuple[str, ...], ...]]:
    section = top.optional_section("clusters")
    if section is None:
        return {}
    clusters = {}
    for name in section.data:
        groups = []
        for index, group in enumerate(section.items(name)):
            if not isinstance(group, list) or not all(isinstance(field, str) for field in group):
                section.fail(f"a cluster of {name!r} is not a list of fields", name, index, fix="write [field, field]")
            groups.append(tuple(group))
        clusters[name] = tuple(groups)
    return clusters


def _environ(top: Section) -> dict[str, str]:
    section = top.optional_section("environ")
    return {} if section is None else {name: section.text(name) for name in section.data}


def _history(top: Section) -> tuple[str, ...]:
    history = top.texts("history")
    for index, text in enumerate(history):
        try:
            Version(text)
        except InvalidVersion:
            top.fail(f"{text!r} is not a PEP 440 version", "history", index, fix="write it like 1.2.3")
    if list(history) != sorted(history, key=Version):
        top.fail("'history' is not in order", "history", fix="list the versions oldest first")
    return history


def _recipe(top: Section) -> tuple[Install, ...]:
    calls = top.items("recipe")
    return tuple(_install(top, index, call) for index, call in enumerate(calls))


def _install(top: Section, index: int, call: Any) -> Install:
    if isinstance(call, dict):
        entry = top.part("recipe", index, call)
        entry.only(("when", "install"))
        arguments = entry.texts("install")
        if not arguments:
            entry.missing("install")
        return Install(arguments, specifier_of(entry, "when"))
    if not isinstance(call, list) or not call or not all(isinstance(argument, str) for argument in call):
        top.fail("a call of the recipe is not a list of arguments", "recipe", index, fix="write [--no-deps, name]")
    return Install(tuple(call))


def _pin(ssot: Ssot, role: str) -> SpecifierSet:
    pin = ssot.miner_pins.get(role)
    if pin is None:
        raise MinerError(f"{ssot.engine}: no pin for role {role!r} — add miner_pins.{role} to {ssot.path}")
    return pin


def check_installed_version(ssot: Ssot, role: str) -> str:
    """The installed version of the engine's library, if the role's pin allows it."""
    _pin(ssot, role)
    installed = installed_version(ssot)
    check_pin(ssot, role, installed)
    return installed


def installed_version(ssot: Ssot) -> str:
    """The version of the engine's library that is installed here."""
    try:
        return importlib.metadata.version(ssot.library)
    except importlib.metadata.PackageNotFoundError:
        raise EngineUnavailableError(
            f"{ssot.engine}: {ssot.library} is not installed here — "
            f"pip install {ssot.library}=={ssot.version}, or run in {ssot.image or 'its container'}"
        ) from None


def check_pin(ssot: Ssot, role: str, version: str) -> None:
    """Raise an error if the role's pin does not allow this version of the library."""
    pin = _pin(ssot, role)
    if not pin.contains(version, prereleases=True):
        raise MinerVersionMismatchError(ssot.engine, ssot.library, role, str(pin), version)
