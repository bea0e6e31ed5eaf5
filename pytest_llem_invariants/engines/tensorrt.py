"""TensorRT-LLM: everything about it is declared in its SSOT file."""

from __future__ import annotations

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.hookspec import hookimpl
from pytest_llem_invariants.ssot import Ssot


@hookimpl
def llem_engine_adapter(ssot: Ssot) -> EngineAdapter | None:
    return EngineAdapter(ssot) if ssot.engine == "tensorrt" else None
