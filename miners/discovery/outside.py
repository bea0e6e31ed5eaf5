"""Classes among an engine's native types that users cannot name: their fields are limitations of the schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from miners.surface.facts import ClassKind
from miners.surface.imported import kind_of

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter

_REASON: Final = "not_on_allowlist"


def fields_outside(adapter: EngineAdapter) -> Iterator[dict[str, Any]]:
    """A limitation for each public field that such a class declares itself; its base lists the inherited ones."""
    native = {adapter.native_class(name) for name in adapter.native_types()}
    for name in sorted(_modules(adapter, native)):
        for cls in _classes(name):
            if cls not in native and kind_of(cls) is not ClassKind.PLAIN:
                for field in sorted(vars(cls).get("__annotations__", {})):
                    if not field.startswith("_"):
                        yield {
                            "native_type": f"{cls.__module__}.{cls.__qualname__}",
                            "field": field,
                            "reason": _REASON,
                            "detail": f"its class is none of the native types that {adapter.ssot.path.name} allows",
                        }


def _modules(adapter: EngineAdapter, native: set[type]) -> set[str]:
    """The modules that define native types, and all modules of the packages from which users import them."""
    packages = {entry.module for entry in adapter.ssot.native_types.values()} - {adapter.package}
    below = {name for name in list(sys.modules) if any(name.startswith(f"{package}.") for package in packages)}
    return packages | below | {cls.__module__ for cls in native}


def _classes(module: str) -> Iterator[type]:
    found = {name: value for name, value in vars(sys.modules.get(module, object)).items() if isinstance(value, type)}
    for name in sorted(found):
        if found[name].__module__ == module and not name.startswith("_"):
            yield found[name]
