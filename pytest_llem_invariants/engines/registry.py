"""From an engine's name to its adapter: built-in, or added by an installed package."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import cast

import pluggy

from pytest_llem_invariants.engines import hookspec, tensorrt, transformers, vllm
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.hosts import moved_to
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.ssot import Ssot, data_root, known_engines, load_ssot, read_ssot

_BUILT_IN = (transformers, vllm, tensorrt)


@cache
def plugin_manager() -> pluggy.PluginManager:
    """The built-in engines, then whatever installed packages register under the entry-point group."""
    manager = pluggy.PluginManager(hookspec.PROJECT)
    manager.add_hookspecs(hookspec)
    for module in _BUILT_IN:
        manager.register(module)
    _load_outside(manager)
    return manager


def _load_outside(manager: pluggy.PluginManager) -> None:
    """Register what installed packages offer; what pluggy would pass over in silence is an error."""
    try:
        manager.load_setuptools_entrypoints(hookspec.ENTRY_POINTS)
        manager.check_pending()
    except Exception as error:  # an entry point's import may fail in any way
        raise EngineUnavailableError(
            f"an installed package offers an engine under {hookspec.ENTRY_POINTS}, and loading it fails: "
            f"{type(error).__name__}: {error} — fix or uninstall that package"
        ) from error
    hooks = [name for name, hook in vars(manager.hook).items() if isinstance(hook, pluggy.HookCaller)]
    for plugin, _ in manager.list_plugin_distinfo():
        implemented = {caller.name for caller in manager.get_hookcallers(plugin) or ()}
        bare = [name for name in hooks if name not in implemented and callable(getattr(plugin, name, None))]
        said = f"the engine plugin {manager.get_name(plugin)!r} ({getattr(plugin, '__name__', plugin)})"
        if bare:
            raise EngineUnavailableError(
                f"{said} has {' and '.join(bare)} without @hookimpl, which is never called — "
                "decorate it with pytest_llem_invariants.engines.hookimpl"
            )
        if not implemented:
            raise EngineUnavailableError(
                f"{said} implements no hook — give it {' or '.join(hooks)}, decorated with "
                "pytest_llem_invariants.engines.hookimpl"
            )


def find_ssot(engine: str, root: Path | None = None) -> Ssot:
    """The SSOT of an engine: the project's own file first, else the one that an installed package brings."""
    folder = root or data_root()
    if engine not in known_engines(folder):
        brought = cast("list[Iterable[Path]]", plugin_manager().hook.llem_engine_files())
        for path in sorted(path for paths in brought for path in paths):
            if path.stem == engine:
                return read_ssot(path)
    return load_ssot(engine, folder)


def get_adapter(engine: str, root: Path | None = None, machine: str | None = None) -> EngineAdapter:
    """The adapter of an engine; the same one for the same SSOT file, so that a library is imported once.

    With a `machine`, this process pretends to be that one from the library's import on.
    """
    return _adapter(engine, (root or data_root()).resolve(), machine)


@cache
def _adapter(engine: str, root: Path, machine: str | None) -> EngineAdapter:
    ssot = find_ssot(engine, root)
    if machine is not None:
        ssot = moved_to(ssot, machine)
    adapter = plugin_manager().hook.llem_engine_adapter(ssot=ssot)
    return EngineAdapter(ssot) if adapter is None else cast(EngineAdapter, adapter)
