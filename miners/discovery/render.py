"""The schema as text that is the same twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render_schema(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
