"""TensorRT-LLM: its SSOT file, and a model folder of our own for the argument that its `*LlmArgs` require."""

from __future__ import annotations

from typing import Any, final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.hookspec import hookimpl
from pytest_llem_invariants.engines.tiny_model import tiny_model
from pytest_llem_invariants.ssot import Ssot


@hookimpl
def llem_engine_adapter(ssot: Ssot) -> EngineAdapter | None:
    return TensorrtAdapter(ssot) if ssot.engine == "tensorrt" else None


@final
class TensorrtAdapter(EngineAdapter):
    """Knows the local folder that stands for a model."""

    def placeholder(self, name: str) -> Any:
        return str(tiny_model()) if name == "tiny_model" else super().placeholder(name)
