"""From an engine's name to its adapter: built-in, or added by an installed package."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import cast

import pluggy

from pytest_llem_invariants.engines import hookspec, tensorrt, transformers, vllm
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.ssot import Ssot, data_root, known_engines, load_ssot, read_ssot

_BUILT_IN = (transformers, vllm, tensorrt)


@cache
def plugin_manager() -> pluggy.PluginManager:
    """The built-in engines, then whatever installed packages register under the entry-point group."""
    manager = pluggy.PluginManager(hookspec.PROJECT)
    manager.add_hookspecs(hookspec)
    for module in _BUILT_IN:
        manager.register(module)
    manager.load_setuptools_entrypoints(hookspec.ENTRY_POINTS)
    return manager


def find_ssot(engine: str, root: Path | None = None) -> Ssot:
    """The SSOT of an engine: the project's own file first, else the one that an installed package brings."""
    folder = root or data_root()
    if engine not in known_engines(folder):
        brought = cast("list[Iterable[Path]]", plugin_manager().hook.llem_engine_files())
        for path in sorted(path for paths in brought for path in paths):
            if path.stem == engine:
                return read_ssot(path)
    return load_ssot(engine, folder)


def get_adapter(engine: str, root: Path | None = None) -> EngineAdapter:
    """The adapter of an engine; the same one for the same SSOT file, so that a library is imported once."""
    return _adapter(engine, (root or data_root()).resolve())


@cache
def _adapter(engine: str, root: Path) -> EngineAdapter:
    ssot = find_ssot(engine, root)
    adapter = plugin_manager().hook.llem_engine_adapter(ssot=ssot)
    return EngineAdapter(ssot) if adapter is None else cast(EngineAdapter, adapter)
