"""Adds the engine `toy`: its SSOT file, and an adapter for the one thing that the SSOT cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from pytest_llem_invariants.engines import EngineAdapter, hookimpl
from pytest_llem_invariants.model import EMPTY
from pytest_llem_invariants.ssot import Ssot


@hookimpl
def llem_engine_files() -> list[Path]:
    return [Path(__file__).with_name("toy.yaml")]


@hookimpl
def llem_engine_adapter(ssot: Ssot) -> EngineAdapter | None:
    return ToyAdapter(ssot) if ssot.engine == "toy" else None


class ToyAdapter(EngineAdapter):
    """Knows where this library keeps the device that it believes to run on."""

    def context(self, values: Mapping[str, Any] = EMPTY) -> AbstractContextManager[None]:
        return self._on(values.get("device", "cpu"))

    @contextmanager
    def _on(self, device: str) -> Iterator[None]:
        import toyengine

        before, toyengine.DEVICE = toyengine.DEVICE, device
        try:
            yield
        finally:
            toyengine.DEVICE = before
