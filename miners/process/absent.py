"""Look for missing packages only once: a library that would use one looks for it with every config."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, DistributionFinder
from types import ModuleType
from typing import Any, final

from pytest_llem_invariants.engines.hosts import Without


@final
class FindsOnce(MetaPathFinder):
    """Finds what the paths contain, and does not search the same paths again for a name that is on none of them."""

    def __init__(self) -> None:
        self._absent: set[tuple[str, tuple[str, ...]]] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:
            return PathFinder.find_spec(fullname, path, target)
        asked = fullname, tuple(sys.path)
        if asked in self._absent:
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is None:
            self._absent.add(asked)
        return found

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """The method with which `importlib.metadata` asks each finder."""
        return PathFinder.find_distributions(DistributionFinder.Context() if context is None else context)

    def invalidate_caches(self) -> None:
        self._absent.clear()
        PathFinder.invalidate_caches()


def remember_absent() -> None:
    """Let this process find modules on its paths with such a finder only."""
    sys.meta_path[:] = [_once(finder) for finder in sys.meta_path]


def _once(finder: Any) -> Any:
    if isinstance(finder, Without):
        return finder.over(_once)
    return FindsOnce() if finder is PathFinder else finder
