"""The data that a worker and the controller exchange for each item, as little as possible.

xdist's channel processes each message in Python, value by value, which takes longer than most items.
"""

from __future__ import annotations

import marshal
from typing import Any, Final

import pytest

_PACKED: Final = "llem_packed"
_FORMAT: Final = 2
_DEAF: Final = frozenset({"logging-plugin"})


def is_heard(config: pytest.Config) -> bool:
    """Whether a plugin in this process reacts to the start or end of an item."""
    hooks = (config.hook.pytest_runtest_logstart, config.hook.pytest_runtest_logfinish)
    listeners = {implementation.plugin_name for hook in hooks for implementation in hook.get_hookimpls()} - _DEAF
    if config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES) <= 0:
        listeners.discard("terminalreporter")
    return bool(listeners)


def packed(data: dict[str, Any]) -> dict[str, Any]:
    """A report's data as one value, if all of it can be packed."""
    try:
        return {_PACKED: marshal.dumps(data, _FORMAT)}
    except ValueError:
        return data


def unpack(data: dict[str, Any]) -> None:
    """Unpack it in place."""
    whole = data.pop(_PACKED, None)
    if whole is not None:
        data.update(marshal.loads(whole))
