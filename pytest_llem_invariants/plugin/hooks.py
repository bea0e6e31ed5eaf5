"""The hooks that run for an item of ours: pytest's, but for the capture of log records.

An engine has thousands of loggers, and pytest hangs its handlers on those of them that hand nothing on, three times
for each item: more work than most items are. What a library logs is part of an observation and reaches nobody else.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    import pluggy
    import pytest

_LOGGING: Final = "logging-plugin"
_HYPOTHESIS: Final = "hypothesispytest"
_ASKED_FOR: Final = ("log_level", "log_cli_level", "log_cli")
"""Settings by which somebody says that log records matter to them."""


def hooks_of(node: pytest.Collector) -> pluggy.HookRelay:
    """The hooks for the items below a node; all of them where log records were asked for."""
    config, usual = node.config, node.ihook
    capture = config.pluginmanager.get_plugin(_LOGGING)
    asked = any(config.getoption(name, None) or config.getini(name) for name in _ASKED_FOR) if capture else True
    if asked or usual is not config.hook:
        return usual
    hooks: Any = _Without(config.pluginmanager, capture)
    return hooks  # type: ignore[no-any-return]


@final
class _Without:
    """The hooks of a plugin manager without those of one plugin."""

    def __init__(self, manager: pytest.PytestPluginManager, plugin: object) -> None:
        self._manager = manager
        self._plugin = plugin

    def __getattr__(self, name: str) -> pluggy.HookCaller:
        caller = self._manager.subset_hook_caller(name, [self._plugin])
        setattr(self, name, caller)
        return caller


def dismiss_hypothesis(config: pytest.Config) -> None:
    """In a run without a test of its own, keep hypothesis from importing itself only to say nothing at the end."""
    if "hypothesis" in sys.modules or config.getoption("hypothesis_show_statistics", False):
        return
    plugin = config.pluginmanager.get_plugin(_HYPOTHESIS)
    if plugin is not None:
        config.pluginmanager.unregister(plugin)
