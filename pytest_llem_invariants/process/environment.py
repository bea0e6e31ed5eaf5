"""Read and restore all environment variables of this process: this happens for every config."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def environment() -> dict[Any, Any]:
    """A copy of the environment, without decoding each variable."""
    return dict(getattr(os.environ, "_data", os.environ))


_last_key: list[tuple[dict[Any, Any], frozenset[Any]]] = []


def environment_key() -> frozenset[Any]:
    """The environment as a key, computed again only after a change."""
    held = getattr(os.environ, "_data", os.environ)
    if not _last_key or _last_key[0][0] != held:
        _last_key[:] = [(dict(held), frozenset(held.items()))]
    return _last_key[0][1]


def restore_environment(before: dict[Any, Any]) -> None:
    """Restore the variables that changed."""
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


@contextmanager
def with_variables(values: Mapping[str, Any]) -> Iterator[None]:
    """Set environment variables while a block runs; None unsets one, a truth value is written as 1 or 0."""
    before = {name: os.environ.get(name) for name in values}
    _set({name: _as_variable(value) for name, value in values.items()})
    try:
        yield
    finally:
        _set(before)


def _as_variable(value: Any) -> str | None:
    return None if value is None else str(int(value) if isinstance(value, bool) else value)


def _set(values: Mapping[str, str | None]) -> None:
    """Set only the variables that differ: writing takes much longer than reading."""
    for name, value in values.items():
        if os.environ.get(name) == value:
            continue
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
