"""Engine adapters: how a native type is built, validated and read."""

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.hookspec import hookimpl
from pytest_llem_invariants.engines.registry import find_ssot, get_adapter

__all__ = ["EngineAdapter", "find_ssot", "get_adapter", "hookimpl"]
