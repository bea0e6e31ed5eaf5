"""What an engine asks of a built config when it starts, before anything is loaded, asked without starting it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from enum import Enum
from operator import attrgetter
from typing import Any, Final

from pytest_llem_invariants.native_types import Call

_CALL: Final = "()"
_ITSELF: Final = "."


def ask_at_start(calls: Iterable[Call], built: Any, stands_at: Callable[[str], Any], version: str) -> None:
    """Ask what the engine of this version would, of this object in this world; what is asked may raise."""
    for call in calls:
        if _is_asked(call, built, stands_at, version):
            ask = _at(call.function)
            with nullcontext() if call.within is None else _at(call.within)(built):
                ask(*(built if path == _ITSELF else _held(built, path.split(".")) for path in call.arguments))


def _is_asked(call: Call, built: Any, stands_at: Callable[[str], Any], version: str) -> bool:
    return (
        (call.versions is None or call.versions.contains(version))
        and all(stands_at(fact) in values for fact, values in call.when.items())
        and (not call.given or any(stands_at(fact) is not None for fact in call.given))
        and not any(_held(built, path.split(".")) for path in call.unless)
        and all(_named(_held(built, path.split("."))) in values for path, values in call.only.items())
    )


def _named(value: Any) -> Any:
    return value.name if isinstance(value, Enum) else value


def _at(place: str) -> Any:
    module, _, path = place.partition(":")
    return attrgetter(path)(importlib.import_module(module))


def _held(built: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        held = getattr(built, step.removesuffix(_CALL))
        built = held() if step.endswith(_CALL) else held
    return built
