"""A class that nobody prepared: an SSOT made up on the spot, then the same mining as for an engine."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from miners.build import build
from miners.progress import Progress
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.model import Corpus, Kwargs
from pytest_llem_invariants.ssot import NativeType, Ssot, Step
from pytest_llem_invariants.yamlio import load_yaml

_VALIDATES: Final = re.compile(r"_?(validate|verify)(_params|_args|_config)?\Z")


def mine_class(target: str, *, base: str | None = None, progress: Progress | None = None) -> Corpus:
    """The confirmed rules of one class, named `module:Class` or by its dotted name."""
    adapter = adapter_for(target, base_kwargs=_base_kwargs(base))
    return build(adapter, previous=None, progress=progress or Progress(), workers=1).corpus


def adapter_for(target: str, *, base_kwargs: Kwargs | None = None) -> EngineAdapter:
    """An engine of one native type, built by its constructor and validated by what it offers for that."""
    module_name, class_name = _split(target)
    cls = _find(module_name, class_name)
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
        validate=tuple(_validation(cls)),
        strict=(),
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
    """A package of anybody's, which need not say its version: a module beside the shell's prompt has none."""

    def _installed_version(self, package: ModuleType) -> str:
        try:
            return super()._installed_version(package)
        except EngineUnavailableError:
            return self.ssot.version


def _split(target: str) -> tuple[str, str]:
    module, colon, name = target.partition(":")
    if not colon:
        module, _, name = target.rpartition(".")
    if not module or not name.isidentifier():
        raise EngineUnavailableError(f"{target!r} names no class — write module:Class, or its dotted name")
    return module, name


def _find(module_name: str, class_name: str) -> type[Any]:
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except Exception as error:  # a module's import may fail in any way
        raise EngineUnavailableError(f"{module_name} cannot be imported: {type(error).__name__}: {error}") from error
    if isinstance(found, type):
        return found
    moved = _elsewhere(module_name.partition(".")[0], class_name)
    if len(moved) == 1:
        return moved[0]
    mend = f" — name one of {', '.join(map(_full_name, moved))}" if moved else ""
    raise EngineUnavailableError(f"{module_name} has no class {class_name!r}{mend}")


def _elsewhere(package: str, class_name: str) -> list[type[Any]]:
    """The classes of that name that the package has loaded: a class that moved is still the one that was meant."""
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


def _validation(cls: type[Any]) -> list[Step]:
    """Validation that a class leaves to a method of its own, callable without arguments."""
    steps = []
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if _VALIDATES.match(name):
            first, *rest = inspect.signature(method).parameters.values() or (None,)
            if first is not None and all(_is_optional(parameter) for parameter in rest):
                steps.append(Step(name, {}))
    return steps


def _is_optional(parameter: inspect.Parameter) -> bool:
    return parameter.default is not parameter.empty or parameter.kind in (
        parameter.VAR_KEYWORD,
        parameter.VAR_POSITIONAL,
    )


def _base_kwargs(text: str | None) -> Kwargs:
    if text is None:
        return {}
    data = load_yaml(text).data
    if not isinstance(data, dict):
        raise EngineUnavailableError("--base takes a YAML mapping of keyword arguments")
    return data
