"""Find an unknown class by its name, and make an SSOT for it in memory."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from miners.build.first_look import validations
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.model import Kwargs
from pytest_llem_invariants.native_types import NativeType, Step
from pytest_llem_invariants.process.patience import at_most
from pytest_llem_invariants.ssot import Ssot
from pytest_llem_invariants.text.yaml_reader import load_yaml

IMPORT_SECONDS: Final = 90.0
IMPORT_MEMORY: Final = 16 * 1024**3


def adapter_for(
    target: str, *, base_kwargs: Kwargs | None = None, steps: tuple[Step, ...] | None = None, probes: int | None = None
) -> EngineAdapter:
    """An engine with one native type, which its constructor builds and these steps (or its own methods) validate."""
    module_name, class_name = split(target)
    cls = find(module_name, class_name)
    if module_name.partition(".")[0] == cls.__module__.partition(".")[0] and not _holds(module_name, cls):
        module_name = cls.__module__
    package = cls.__module__.partition(".")[0]
    library, version = _distribution(package)
    name = f"{module_name}.{class_name}"
    entry = NativeType(
        name=name,
        target=f"{module_name}:{class_name}",
        namespace=None,
        base_kwargs=base_kwargs or {},
        build=(),
        validate=validations(cls)[0] if steps is None else steps,
        strict=(),
        probes=probes,
    )
    ssot = Ssot(
        engine=re.sub(r"[^a-z0-9_]", "_", package.lower()),
        library=library,
        version=version,
        image=None,
        miner_pins={},
        native_types={name: entry},
        landmarks=(),
        loggers=(package,),
        clusters={},
        context={},
        environ={},
        history=(),
        surface=(),
        adapter={},
        path=Path(f"{package}.yaml"),
    )
    return _Unprepared(ssot)


class _Unprepared(EngineAdapter):
    """Any package. It need not state its version: a module in the current folder has none."""

    def _installed_version(self, package: ModuleType) -> str:
        try:
            return super()._installed_version(package)
        except EngineUnavailableError:
            return self.ssot.version


def split(target: str) -> tuple[str, str]:
    module, colon, name = target.partition(":")
    if not colon:
        module, _, name = target.rpartition(".")
    if not module or not name.isidentifier():
        raise EngineUnavailableError(f"{target!r} is not a class — write module:Class, or its dotted name")
    return module, name


def find(module_name: str, class_name: str) -> type[Any]:
    with at_most(IMPORT_SECONDS, IMPORT_MEMORY, f"the import of {module_name}"):
        try:
            found = getattr(importlib.import_module(module_name), class_name, None)
        except Exception as error:  # a module's import may fail in any way
            raise EngineUnavailableError(why_not_imported(module_name, type(error).__name__, error)) from error
    if isinstance(found, type):
        return found
    moved = _elsewhere(module_name.partition(".")[0], class_name)
    if len(moved) == 1:
        return moved[0]
    if found is not None:
        raise EngineUnavailableError(_why_no_class(f"{module_name}.{class_name}", found))
    fix = f" — name one of {', '.join(map(_full_name, moved))}" if moved else _alike(module_name, class_name)
    raise EngineUnavailableError(f"{module_name} has no class {class_name!r}{fix}")


def why_not_imported(module_name: str, kind: str, error: Exception) -> str:
    """One sentence about a module that cannot be imported."""
    missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    package = module_name.partition(".")[0]
    if missing is None:
        return f"{module_name} cannot be imported: {kind}: {str(error).strip() or 'it says nothing'}"
    if missing == package:
        return f"{package} is not installed here — install the distribution that brings it, e.g. pip install {package}"
    if missing.partition(".")[0] == package:
        return f"{package} has no module {missing!r} — look up where the class is in the installed version"
    return f"{module_name} needs the package {missing.partition('.')[0]!r}, which is not installed here — install it"


def _why_no_class(name: str, found: object) -> str:
    cls = type(found)
    if callable(found) and not hasattr(cls, "__dict__"):
        return f"{name} is not a class — only a class can be mined"
    if cls.__module__ == "builtins":
        what = "a function" if callable(found) else f"a {cls.__name__}"
        return f"{name} is {what}, not a class — only a class can be mined"
    return f"{name} is an object, not a class — mine its class: llem-mine class {_full_name(cls)}"


def _alike(module_name: str, class_name: str) -> str:
    known = [name for name, value in vars(sys.modules[module_name]).items() if isinstance(value, type)]
    close = difflib.get_close_matches(class_name, known, 1)
    return f" — did you mean {close[0]}?" if close else ""


def _elsewhere(package: str, class_name: str) -> list[type[Any]]:
    """The classes of that name that the package has loaded: a class that moved is still the intended one."""
    found = {
        _full_name(cls): cls
        for name, module in sorted(sys.modules.items())
        if name.partition(".")[0] == package and isinstance(cls := vars(module).get(class_name), type)
    }
    return [cls for name, cls in sorted(found.items()) if cls.__module__.partition(".")[0] == package]


def _holds(module_name: str, cls: type[Any]) -> bool:
    return getattr(sys.modules[module_name], cls.__name__, None) is cls


def _full_name(cls: type[Any]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _distribution(package: str) -> tuple[str, str]:
    names = importlib.metadata.packages_distributions().get(package)
    return (names[0], importlib.metadata.version(names[0])) if names else (package, "0")


def base_kwargs_of(text: str | None) -> Kwargs:
    if text is None:
        return {}
    data = load_yaml(text).data
    if not isinstance(data, dict):
        raise EngineUnavailableError("--base takes a YAML mapping of keyword arguments")
    return data
