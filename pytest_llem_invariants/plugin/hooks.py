"""The hooks that run for our items: pytest's, without those that do nothing for them but cost more than the item.

An engine has thousands of loggers, and pytest adds its handlers to each logger without propagation, three times per
item: more work than most items. The observation has the library's log records, and nothing else needs them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, final

import pytest

if TYPE_CHECKING:
    import pluggy

_LOGGING: Final = "logging-plugin"
_HYPOTHESIS: Final = "hypothesispytest"
_ASKED_FOR: Final = ("log_level", "log_cli_level", "log_cli")
"""Settings that ask for log records."""
_NO_BUSINESS: Final = ("skipping", "unittest", "tmpdir", _HYPOTHESIS)
"""They examine every item for marks, fixtures and functions, of which ours have none."""
_NOT_IN_WORKERS: Final = ("capturemanager", "terminalreporter")
"""The observation captures an example's output, and nobody sees a worker's terminal."""
_PHASES: Final = ("pytest_runtest_setup", "pytest_runtest_teardown")
_IDLE_IN_PHASES: Final = frozenset(
    {"runner", "capturemanager", "threadexception", "unraisableexception", _LOGGING, *_NO_BUSINESS}
)
_SHOWING: Final = ("setupshow", "setuponly", "setupplan", "usepdb")


def hooks_of(node: pytest.Collector) -> pluggy.HookRelay:
    """The hooks for the items below a node; all of them if log records were requested."""
    return _hooks_without(node, (_LOGGING,)) or node.ihook


def plain_hooks_of(node: pytest.Collector) -> pluggy.HookRelay | None:
    """The hooks for plain items below a node; None if log records were requested, which needs all phases."""
    in_worker = hasattr(node.config, "workerinput")
    return _hooks_without(node, (_LOGGING, *_NO_BUSINESS, *(_NOT_IN_WORKERS if in_worker else ())))


def _hooks_without(node: pytest.Collector, names: Iterable[str]) -> pluggy.HookRelay | None:
    config = node.config
    capture = config.pluginmanager.get_plugin(_LOGGING)
    asked = any(config.getoption(name, None) or config.getini(name) for name in _ASKED_FOR) if capture else True
    if asked or node.ihook is not config.hook:
        return None
    held = map(config.pluginmanager.get_plugin, names)
    hooks: Any = _Without(config.pluginmanager, [plugin for plugin in held if plugin is not None])
    return hooks  # type: ignore[no-any-return]


def are_plain(items: list[pytest.Item], mark: str) -> bool:
    """Whether no plugin and no mark needs the setup and teardown of the items."""
    if not items:
        return False
    config = items[0].config
    listeners = {one.plugin_name for name in _PHASES for one in getattr(config.hook, name).get_hookimpls()}
    return (
        listeners <= _IDLE_IN_PHASES
        and not any(config.getoption(name, False) for name in _SHOWING)
        and all(one.name == mark for item in items for one in item.iter_markers())
    )


@final
class _Without:
    """The hooks of a plugin manager without those of some plugins."""

    def __init__(self, manager: pytest.PytestPluginManager, plugins: list[object]) -> None:
        self._manager = manager
        self._plugins = plugins

    def __getattr__(self, name: str) -> pluggy.HookCaller:
        caller = self._manager.subset_hook_caller(name, self._plugins)
        setattr(self, name, caller)
        return caller


def dismiss_hypothesis(config: pytest.Config) -> None:
    """In a run without tests of its own, keep hypothesis from importing itself for an empty summary."""
    if "hypothesis" in sys.modules or config.getoption("hypothesis_show_statistics", False):
        return
    plugin = config.pluginmanager.get_plugin(_HYPOTHESIS)
    if plugin is not None:
        config.pluginmanager.unregister(plugin)
