"""Packages that are not installed, looked for once: a library that would use one looks for it with every config."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_find = PathFinder.find_spec
_absent: set[tuple[str, tuple[str, ...]]] = set()


def remember_absent() -> None:
    """Let what is on none of the paths not be looked for on the same paths again, in this process."""
    PathFinder.find_spec = staticmethod(_find_once)  # type: ignore[method-assign]


def _find_once(fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
    if path is not None:
        return _find(fullname, path, target)
    asked = fullname, tuple(sys.path)
    if asked in _absent:
        return None
    found = _find(fullname, path, target)
    if found is None:
        _absent.add(asked)
    return found
