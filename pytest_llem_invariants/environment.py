"""The environment variables of this process, looked at and put back as a whole: that is done with every config."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


def environment() -> dict[Any, Any]:
    """A copy of the environment as the process holds it, without decoding each variable."""
    return dict(getattr(os.environ, "_data", os.environ))


def restore_environment(before: dict[Any, Any]) -> None:
    """Put the environment back where it changed."""
    held = getattr(os.environ, "_data", os.environ)
    if held == before:
        return
    variable: Callable[[Any], str] = getattr(os.environ, "decodekey", str)
    decode: Callable[[Any], str] = getattr(os.environ, "decodevalue", str)
    for name in [name for name in {**held, **before} if held.get(name) != before.get(name)]:
        if name in before:
            os.environ[variable(name)] = decode(before[name])
        else:
            del os.environ[variable(name)]
