"""What an outside package may add: an engine's SSOT file, and the adapter that knows its library."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter
    from pytest_llem_invariants.ssot import Ssot

PROJECT: Final = "llem_invariants"
ENTRY_POINTS: Final = "llem_invariants.engines"

hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def llem_engine_adapter(ssot: Ssot) -> EngineAdapter | None:
    """Give the adapter for the engine of this SSOT, or None where it is not yours."""


@hookspec
def llem_engine_files() -> Iterable[Path]:  # type: ignore[empty-body]
    """Give the SSOT files of the engines that this package adds."""
