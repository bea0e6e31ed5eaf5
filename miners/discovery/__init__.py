"""The typed surface of an engine: which parameters exist, their types, defaults and descriptions."""

from __future__ import annotations

from miners.discovery.render import render_schema
from miners.discovery.walk import discover

__all__ = ["discover", "render_schema"]
