"""vLLM: imported on its CPU platform, with a model folder of our own, and a simulated CUDA platform on demand."""

from __future__ import annotations

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.hookspec import hookimpl
from pytest_llem_invariants.ssot import Ssot


@hookimpl
def llem_engine_adapter(ssot: Ssot) -> EngineAdapter | None:
    return EngineAdapter(ssot) if ssot.engine == "vllm" else None
