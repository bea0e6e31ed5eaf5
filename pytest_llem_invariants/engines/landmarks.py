"""Names that must lead somewhere in the installed library, and which of its names are nearest where one does not."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, final

from pytest_llem_invariants.ssot import Ssot

PLACES: Final = ("as_if", "steady", "echoed", "built_often")
"""What an adapter is told to treat differently in the library: by lists of `module:name`, or mappings from them."""
_NEAREST: Final = 2
_ALIKE: Final = 0.7


@final
@dataclass(frozen=True, slots=True)
class Missing:
    """A name that the library lacks."""

    name: str
    detail: str
    nearest: tuple[str, ...] = ()
    """Names that it has, most alike first."""

    def __str__(self) -> str:
        return f"{self.name} ({self.detail}{said_nearest(self.nearest)})"


def said_nearest(nearest: Iterable[str]) -> str:
    """Existing names as an offer; empty where there is none."""
    names = " or ".join(nearest)
    return f"; nearest: {names}" if names else ""


def nearest_of(name: str, names: Iterable[str], prefix: str = "") -> tuple[str, ...]:
    """The names most like one in their last part, behind a prefix."""
    by_last: dict[str, str] = {}
    for one in sorted(set(names)):
        by_last.setdefault(one.rpartition(".")[2], one)
    found = difflib.get_close_matches(name.rpartition(".")[2], by_last, n=_NEAREST, cutoff=_ALIKE)
    return tuple(f"{prefix}{by_last[one]}" for one in found)


def look_up(place: str) -> Missing | None:
    """Follow `module`, `module:Class` or `module:Class.method` in what is installed; None where it is there."""
    module, _, path = place.partition(":")
    try:
        value: Any = importlib.import_module(module)
    except Exception as error:  # a module's import may fail in any way
        return Missing(place, _said(error), _modules_like(module))
    found: list[str] = []
    for name in path.split(".") if path else ():
        try:
            value = getattr(value, name)
        except Exception as error:  # a lazy module imports on access
            moved = () if found else _elsewhere(module, name)
            near = nearest_of(name, dir(value), f"{module}:{''.join(f'{one}.' for one in found)}")
            return Missing(place, _said(error), moved or near)
        found.append(name)
    return None


def missing_places(ssot: Ssot) -> tuple[Missing, ...]:
    """What the facts of an adapter name and the installed library lacks: there they change nothing."""
    found = []
    for key in PLACES:
        for place in ssot.adapter.get(key, ()):
            missing = look_up(place)
            if missing is not None:
                found.append(Missing(f"{key}: {place}", missing.detail, missing.nearest))
    return tuple(found)


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _modules_like(module: str) -> tuple[str, ...]:
    """Modules of the nearest package that can be imported."""
    parent, _, name = module.rpartition(".")
    while parent:
        try:
            package = importlib.import_module(parent)
        except Exception:  # then one further up
            parent, _, name = parent.rpartition(".")
            continue
        names = (found.name for found in pkgutil.iter_modules(getattr(package, "__path__", ())))
        return nearest_of(name, names, f"{parent}.")
    return ()


def _elsewhere(module: str, name: str) -> tuple[str, ...]:
    """The modules of the package that define an object of that name: it may only have moved."""
    package = module.partition(".")[0]
    loaded = (
        (key, vars(one).get(name)) for key, one in sorted(sys.modules.items()) if key.partition(".")[0] == package
    )
    return tuple(f"{key}:{name}" for key, value in loaded if getattr(value, "__module__", None) == key)[:_NEAREST]
