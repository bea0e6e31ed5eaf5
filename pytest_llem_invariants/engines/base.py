"""An engine through its SSOT: which classes may be named, how they are built, validated and read."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.metadata
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, cached_property
from types import ModuleType
from typing import Any, Final

from pytest_llem_invariants.engines.held import held_facts
from pytest_llem_invariants.engines.hosts import host_of
from pytest_llem_invariants.engines.landmarks import Missing, look_up, said_nearest
from pytest_llem_invariants.engines.packages import beside_packages, is_seen, seen
from pytest_llem_invariants.engines.remembered import once_caches, say_always
from pytest_llem_invariants.engines.startup import ask_at_start
from pytest_llem_invariants.engines.steps import run_step, run_steps
from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError, MinerLandmarkMissingError
from pytest_llem_invariants.model import EMPTY, Kwargs, TypedValue
from pytest_llem_invariants.native_types import NativeType, Step
from pytest_llem_invariants.process.environment import with_variables
from pytest_llem_invariants.process.patience import at_most
from pytest_llem_invariants.ssot import Ssot
from pytest_llem_invariants.text.collector import quiet_collector

ENV: Final = "env."
DEVICE: Final = "device."
MODEL: Final = "model."
SERVED: Final = "served."
MACHINE: Final = "machine"
"""In a context: the number of the other machine that is to be entered."""
_IMPORT_SECONDS: Final = 900.0
_IMPORT_MEMORY: Final = 32 * 1024**3
_MEMOISED: Final = type(cache(len))
_AS_IT_IS: Final = nullcontext()
_PLACEHOLDER: Final = re.compile(r"\$\{(\w+)\}\Z")


@dataclass(frozen=True, slots=True)
class Plan:
    """What building one native type takes, looked up once."""

    cls: Callable[..., Any]
    base: Kwargs
    entry: NativeType


class EngineAdapter:
    """Builds, validates and reads the native types of one engine; outside engines override what differs there."""

    def __init__(self, ssot: Ssot) -> None:
        self.ssot: Final = ssot
        self._version: str | None = None
        self._failure: EngineUnavailableError | None = None
        self._plans: dict[str, Plan] = {}
        self._model: str | None = None
        self._memoised: tuple[int, tuple[Callable[[], None], ...]] | None = None

    @cached_property
    def package(self) -> str:
        """The name under which the library is imported."""
        first = next(iter(self.ssot.native_types.values()))
        return first.module.partition(".")[0]

    def prepare(self) -> None:
        """What must hold before the library's first import."""
        os.environ.update(self.ssot.environ)

    def import_library(self) -> str:
        """Import the library and give its version; EngineUnavailableError says what is missing."""
        if self._failure is not None:
            raise self._failure
        if self._version is None:
            try:
                with (
                    warnings.catch_warnings(),
                    quiet_collector(),
                    at_most(_IMPORT_SECONDS, _IMPORT_MEMORY, f"the import of {self.ssot.library}"),
                ):
                    warnings.simplefilter("ignore")
                    self._version = self._import()
                    gc.freeze()  # what was imported stays: to look through it for garbage takes a third of a second
                    atexit.register(gc.unfreeze)  # or compiled modules take it for leaked
            except EngineUnavailableError as error:
                self._failure = error
                raise
        return self._version

    def _import(self) -> str:
        self.prepare()
        modules = dict.fromkeys(
            target.partition(":")[0] for entry in self.ssot.native_types.values() for target in entry.targets
        )
        try:
            package = importlib.import_module(self.package)
            self.after_import()
        except Exception as error:  # a broken installation raises whatever its first missing part makes it raise
            raise self._unavailable(error) from error
        for module in modules:
            try:
                importlib.import_module(module)
            except ModuleNotFoundError as error:
                missing = error.name or ""
                if not _is_within(missing, module) and not _is_within(module, missing):
                    raise self._unavailable(error) from error
            except Exception as error:
                raise self._unavailable(error) from error
        return self._installed_version(package)

    def after_import(self) -> None:
        """What must be set up between the package's own import and that of its modules."""
        for place, value in {**host_of(self.ssot).say, **seen(self.ssot, self.default_context())}.items():
            say_always(place, value)

    def _installed_version(self, package: ModuleType) -> str:
        try:
            return importlib.metadata.version(self.ssot.library)
        except importlib.metadata.PackageNotFoundError:
            version = getattr(package, "__version__", None)
            if isinstance(version, str):
                return version
        raise EngineUnavailableError(
            f"{self.ssot.engine}: {self.package} is importable, but has no version — "
            f"install it as the distribution {self.ssot.library}"
        )

    def _unavailable(self, error: Exception) -> EngineUnavailableError:
        ssot = self.ssot
        if isinstance(error, ModuleNotFoundError) and error.name == self.package:
            return EngineUnavailableError(
                f"{ssot.engine}: {ssot.library} is not installed here — "
                f"pip install {ssot.library}=={ssot.version}, or run in {ssot.image or 'its container'}"
            )
        return EngineUnavailableError(
            f"{ssot.engine}: the installation of {ssot.library} is broken: {type(error).__name__}: {error} — "
            f"install what is missing, or run in {ssot.image or 'its container'}"
        )

    def check_landmarks(self, role: str | None = None) -> None:
        """Raise MinerLandmarkMissingError for the first declared class or method that the library lacks.

        Those of one role, or of all of them.
        """
        self.import_library()
        for landmark in self.ssot.landmarks_of(role):
            missing = look_up(landmark)
            if missing is not None:
                near = said_nearest(missing.nearest)
                raise MinerLandmarkMissingError(self.ssot.engine, landmark, missing.detail, near)

    def missing_native_types(self) -> tuple[Missing, ...]:
        """The classes that the allowlist names one by one and this version of the library lacks."""
        self.import_library()
        declared = (entry for entry in self.ssot.native_types.values() if not entry.is_glob)
        lacking = (entry.target for entry in declared if not isinstance(_find(entry), type))
        return tuple(look_up(target) or Missing(target, "it is not a class") for target in lacking)

    def versions(self) -> Mapping[str, str]:
        """Versions of the libraries that may matter to a verdict, sorted."""
        names = (self.ssot.library, *self.ssot.adapter.get("libraries", ()))
        found = {}
        for name in sorted(set(names)):
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
        return found

    def native_types(self) -> tuple[str, ...]:
        """Every allowed name that this version of the library has, families expanded."""
        self.import_library()
        return self._native_types

    @cached_property
    def _native_types(self) -> tuple[str, ...]:
        names = {entry.name for entry in self.ssot.native_types.values() if not entry.is_glob and _find(entry)}
        taken = {place for entry in self.ssot.native_types.values() if not entry.is_glob for place in entry.targets}
        for family in self.ssot.families:
            module = sys.modules.get(family.module)
            for class_name in dir(module):
                member = family.member(class_name)
                if family.matches(class_name) and member.target not in taken and self._is_own(_find(member)):
                    names.add(member.name)
        return tuple(sorted(names))

    def _is_own(self, value: object) -> bool:
        return isinstance(value, type) and _is_within(value.__module__, self.package)

    def native_class(self, name: str) -> type[Any]:
        """The class behind an allowed name. Any other name is refused before anything is imported."""
        entry = self._entry(name)
        self.import_library()
        found = _find(entry)
        if not isinstance(found, type):
            raise MinerLandmarkMissingError(self.ssot.engine, entry.target, f"no such class in {self.import_library()}")
        return found

    def _entry(self, name: str) -> NativeType:
        entry = self.ssot.native_type(name)
        if entry is None:
            raise CorpusError(
                f"{name!r} is not an allowed native type of {self.ssot.engine}",
                fix=f"name one that native_types in {self.ssot.path.name} declares, or declare it there",
            )
        return entry

    def _plan(self, name: str) -> Plan:
        plan = self._plans.get(name)
        if plan is None:
            entry = self._entry(name)
            base = {key: self._fill(value) for key, value in entry.base_kwargs.items()}
            filled = replace(entry, validate=self._filled(entry.validate)) if entry.validate else entry
            plan = self._plans[name] = Plan(self.native_class(name), base, filled)
        return plan

    def _filled(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps with the placeholders of their arguments filled."""
        return tuple(replace(step, kwargs=self._fill(step.kwargs), then=self._filled(step.then)) for step in steps)

    def _fill(self, value: Any) -> Any:
        """A declared value with its `${placeholder}` filled, at any depth."""
        if isinstance(value, str):
            found = _PLACEHOLDER.match(value)
            return value if found is None else self.placeholder(found[1])
        if isinstance(value, TypedValue):
            return TypedValue(value.type, {key: self._fill(inner) for key, inner in value.kwargs.items()})
        if isinstance(value, Mapping):
            return {key: self._fill(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._fill(inner) for inner in value]
        return value

    def placeholder(self, name: str) -> Any:
        """The value of a `${name}` in the SSOT, which only the engine's own adapter knows."""
        raise EngineUnavailableError(
            f"{self.ssot.engine}: {self.ssot.path.name} uses the unknown placeholder ${{{name}}}"
        )

    def build(self, name: str, kwargs: Kwargs) -> Any:
        """Build a native type from keyword arguments laid over its base ones, and run its build steps."""
        plan = self._plan(name)
        merged = {**plan.base, **kwargs} if plan.base else kwargs
        built = plan.cls(**{key: self._value(value) for key, value in merged.items()})
        return run_steps(plan.entry.build, built) if plan.entry.build else built

    def _value(self, value: Any) -> Any:
        """A value of a corpus as the library takes it; containers are copied, so that no rule is ever changed."""
        if isinstance(value, TypedValue):
            return self.build(value.type, value.kwargs)
        if isinstance(value, dict):
            return {key: self._value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        if isinstance(value, tuple):
            return tuple(self._value(inner) for inner in value)
        return value

    def makes(self, name: str, kwargs: Kwargs) -> tuple[Any, ...]:
        """The objects that validating a type makes of it."""
        built = self.build(name, kwargs)
        return tuple(run_step(step, built) for step in self._plan(name).entry.validate)

    def warm(self, name: str) -> None:
        """Build the bare type once, so that what the library imports late is no part of any later answer."""
        with contextlib.suppress(Exception):  # whether the bare type can be built is for the replay to say
            self.validate(name, self.build(name, EMPTY), False)

    def base_kwargs(self, name: str) -> Kwargs:
        """The keyword arguments without which the type cannot be built."""
        return self._plan(name).base

    def other_kwargs(self, name: str) -> tuple[Kwargs, ...]:
        """Base arguments under which a rule about the config, and not about them, holds as well."""
        return tuple(
            {key: self._fill(value) for key, value in other.items()} for other in self._entry(name).other_kwargs
        )

    def machines(self) -> tuple[Mapping[str, Any], ...]:
        """Other machines on which a rule about the config holds as well; a context enters one by its number."""
        return tuple(self.ssot.adapter.get("machines", ()))

    @contextmanager
    def beside(self, model: str, plans: dict[str, Plan]) -> Iterator[None]:
        """Let a model's folder stand for the placeholder one for a block; what names a model of its own keeps it."""
        before = self._model, self._plans
        self._model, self._plans = model, plans
        try:
            yield
        finally:
            self._model, self._plans = before

    def looking_at_models(self) -> AbstractContextManager[None]:
        """Let what is asked of a model's class be asked in this process for a block: one that ends soon."""
        return nullcontext()

    def facts_together(self) -> tuple[Mapping[str, Any], ...]:
        """Of facts that no world has one by one, such as those of an architecture, the values they have at once."""
        return ()

    def facts_of(self, folder: str | os.PathLike[str]) -> dict[str, Any]:
        """What the library makes of a model: the value of each fact that its own object (`adapter.models`) has."""
        with self.beside(os.fspath(folder), {}):
            return self.facts_beside(EMPTY)

    def facts_beside(self, kwargs: Kwargs) -> dict[str, Any]:
        """The same of the model that such arguments name; nothing of an engine whose file names no class for it."""
        if "models" not in self.ssot.adapter:
            return {}
        held = self.build(self.ssot.adapter["models"], kwargs)
        return held_facts(held, {name: field.found for name, field in self.ssot.context.items() if field.found})

    def validate(self, name: str, built: Any, strict: bool) -> None:
        """Run the declared validation of an object: the normal one, or the one that also raises on minor issues."""
        entry = self._plan(name).entry
        run_steps(entry.strict if strict else entry.validate, built)
        if entry.startup and not strict:
            ask_at_start(entry.startup, built, self.stands_at, self.import_library())

    def stands_at(self, fact: str) -> Any:
        """The value of a context field in the world that is entered now."""
        return self.ssot.context[fact].default

    def is_strict(self, name: str) -> bool:
        """Whether the type has a strict validation of its own."""
        return bool(self._plan(name).entry.strict)

    def strict_issues(self, error: BaseException) -> Mapping[str, str] | None:
        """Field → text of the minor issues that a strict validation raised; None where it says something else."""
        pattern = self._issue_pattern
        if pattern is None or not isinstance(error, ValueError):
            return None
        return {found["field"]: found["text"].strip() for found in pattern.finditer(str(error))} or None

    @cached_property
    def _issue_pattern(self) -> re.Pattern[str] | None:
        pattern = self.ssot.adapter.get("strict_issue")
        return None if pattern is None else re.compile(pattern, re.MULTILINE)

    def read_state(self, built: Any) -> Mapping[str, Any]:
        """What an object holds, by attribute."""
        return read_attributes(built)

    def loggers(self) -> tuple[str, ...]:
        return self.ssot.loggers

    def clear_once_caches(self) -> None:
        """Forget what was announced once, so that an announcement does not depend on what ran before."""
        for clear in self._once_caches:
            clear()

    @cached_property
    def _once_caches(self) -> tuple[Callable[[], None], ...]:
        """The caches behind every `…_once` function of the library's modules and of the logger classes."""
        modules = [module for name, module in sorted(sys.modules.items()) if _is_within(name, self.package)]
        classes = {logging.Logger, logging.getLoggerClass(), *(type(logging.getLogger(n)) for n in self.loggers())}
        return once_caches((*modules, *classes))

    def forget_computed(self) -> None:
        """Clear what the library's functions remember of earlier calls, where the world around them changes."""
        if self._memoised is None or self._memoised[0] != len(sys.modules):
            self._memoised = (len(sys.modules), tuple(_memoised_functions(self.package)))
        for clear in self._memoised[1]:
            clear()

    def default_context(self) -> dict[str, Any]:
        return {name: field.default for name, field in self.ssot.context.items()}

    def unlike(self, context: Mapping[str, Any]) -> frozenset[str]:
        """The facts that the world made for a context has otherwise than the context says."""
        return frozenset()

    def context(self, values: Mapping[str, Any] = EMPTY) -> AbstractContextManager[None]:
        """Enter a context: environment variables by `env.NAME`, packages, and what the engine's own adapter can enter.

        A variable at its default is not set: an older version may not know it, and reject what it does not know.
        """
        if not values:
            return _AS_IT_IS
        default = self.default_context()
        variables: dict[str, Any] = {}
        packages = [name for name in values if is_seen(self.ssot, name) and values[name] != default[name]]
        for name, value in values.items():
            is_default = value == default.get(name)
            if name.startswith(ENV):
                variables[name.removeprefix(ENV)] = None if is_default else value
            elif not is_default and name not in packages:
                raise self.cannot_enter(name, value)
        entered = with_variables(variables) if variables else nullcontext()
        if not packages:
            return entered
        return beside_packages(seen(self.ssot, {name: values[name] for name in packages}), entered)

    def cannot_enter(self, name: str, value: Any) -> EngineUnavailableError:
        return EngineUnavailableError(f"{self.ssot.engine}: cannot enter the context {name}={value!r}")


def read_attributes(built: Any) -> Mapping[str, Any]:
    """The attributes of any object: its `__dict__`, its slots, the fields of a struct."""
    fields: tuple[str, ...] = getattr(type(built), "__struct_fields__", ())
    state = {name: getattr(built, name, None) for name in fields or _slots(type(built)) if hasattr(built, name)}
    state.update(getattr(built, "__dict__", {}))
    return state


def _slots(cls: type[Any]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for base in cls.__mro__:
        slots = vars(base).get("__slots__", ())
        names.update(dict.fromkeys((slots,) if isinstance(slots, str) else slots))
    return tuple(name for name in names if not name.startswith("__"))


def _find(entry: NativeType) -> object:
    """The object an entry leads to; None where this version of the library has none."""
    for target in entry.targets:
        module, _, name = target.partition(":")
        try:
            found = getattr(sys.modules.get(module), name, None)
        except Exception:  # a lazy module imports on access, and its import may fail in any way
            continue
        if found is not None:
            return found
    return None


def _memoised_functions(package: str) -> Iterator[Callable[[], None]]:
    for name, module in sorted(sys.modules.items()):
        if _is_within(name, package):
            for value in list(vars(module).values()):
                if isinstance(value, _MEMOISED) and _is_within(getattr(value, "__module__", None), package):
                    yield value.cache_clear


def _is_within(module: str | None, package: str) -> bool:
    return module is not None and (module == package or module.startswith(package + "."))
