"""The environment variables of this process, looked at and put back as a whole: that is done with every config."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


def environment() -> dict[Any, Any]:
    """A copy of the environment as the process holds it, without decoding each variable."""
    return dict(getattr(os.environ, "_data", os.environ))


_last_key: list[tuple[dict[Any, Any], frozenset[Any]]] = []


def environment_key() -> frozenset[Any]:
    """The environment as a key, made anew only where something changed."""
    held = getattr(os.environ, "_data", os.environ)
    if not _last_key or _last_key[0][0] != held:
        _last_key[:] = [(dict(held), frozenset(held.items()))]
    return _last_key[0][1]


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
