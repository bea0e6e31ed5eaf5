"""Write a schema as text, always with the same bytes, and read it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pytest_llem_invariants.errors import CorpusError

FILE = "schema.discovered.json"
MAJOR = "1."
_CIRCUMSTANCES = ("discovered_at", "image_ref")
"""The time and the image of the discovery are no part of the result."""


def render_schema(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def load_schema(path: Path) -> dict[str, Any]:
    """Read a schema from its file; for a folder, from the schema in it."""
    file = path / FILE if path.is_dir() else path
    fix = "write it with llem-mine discover"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"the schema cannot be read: {error}", path=file, fix=fix) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, str) or not version.startswith(MAJOR):
        raise CorpusError(f"schema_version is {version!r}, but this version reads {MAJOR}x", path=file, fix=fix)
    return cast("dict[str, Any]", data)


def in_circumstances_of(path: Path, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The new schema, with the time and place of the schema in a file if nothing else differs."""
    if not path.exists():
        return schema
    before = load_schema(path)
    return {**schema, **{key: before.get(key) for key in _CIRCUMSTANCES}}
