"""Worlds: what a verdict depends on beside the config. Facts from a model's files, a device, the environment."""

from __future__ import annotations

from pytest_llem_invariants.worlds.world import World

__all__ = ["World"]
