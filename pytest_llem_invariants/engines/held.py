"""Where an object of a library keeps a fact: a path of attributes, keys and calls, or another where a version has none.

A number instead of a path is what holds where none of those before it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_NOWHERE: Final = object()
_CALL: Final = "()"


def held_facts(held: Any, found: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """The value of each fact at the first of its paths that there is; a fact without one is left out."""
    facts = {}
    for name, paths in found.items():
        value = next((value for path in paths if (value := _at(held, path)) is not _NOWHERE), _NOWHERE)
        if value is not _NOWHERE:
            facts[name] = value
    return facts


def _at(held: Any, path: str) -> Any:
    """What stands at `one.other.call()`; None once a step is None: nothing stands in what is not there."""
    if path.isdecimal():
        return int(path)
    for step in path.split("."):
        if held is None:
            return None
        held = _step(held, step.removesuffix(_CALL), step.endswith(_CALL))
        if held is _NOWHERE:
            break
    return held


def _step(held: Any, name: str, is_called: bool) -> Any:
    if isinstance(held, Mapping):
        return held.get(name, _NOWHERE)
    try:
        value: Any = getattr(held, name, _NOWHERE)
        return value() if is_called and value is not _NOWHERE else value
    except Exception:  # a property or a method may fail in any way: what it would tell is not told
        return _NOWHERE
