"""A ledger as JSON, one entry per line, so that the diff of a version bump shows lost coverage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from miners.candidates.outcomes import Reason
from miners.ledger.entries import Entry, Figures, Ledger, figures
from pytest_llem_invariants.errors import CorpusError

SCHEMA_VERSION: Final = "1.1.0"
LEDGER: Final = "ledger.json"
"""The file name beside the corpus."""


def render_ledger(ledger: Ledger) -> str:
    """The same text for the same ledger, at any time and place."""
    head = {
        "schema_version": SCHEMA_VERSION,
        "engine": ledger.engine,
        "engine_version": ledger.engine_version,
        "figures": _figures(ledger.figures),
        "classes": {name: _figures(figures(entries)) for name, entries in ledger.by_owner.items()},
        "reasons": {reason.value: len(entries) for reason, entries in ledger.by_reason.items()},
        "opaque": {shape: [entry.place for entry in entries] for shape, entries in ledger.by_shape.items()},
    }
    lines = [f"  {_text(key)}: {_block(value)}," for key, value in head.items()]
    entries = ",\n".join(f"    {_text(_entry(entry))}" for entry in ledger.entries)
    return "\n".join(["{", *lines, '  "effects": [', *([entries] if entries else []), "  ]", "}", ""])


def _block(value: Any) -> str:
    """A mapping with one key per line; anything else on one line."""
    if not isinstance(value, dict) or not value:
        return _text(value)
    return "{\n" + ",\n".join(f"    {_text(key)}: {_text(one)}" for key, one in value.items()) + "\n  }"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _figures(found: Figures) -> dict[str, Any]:
    return {
        "effects": found.effects,
        "reachable": found.reachable,
        "covered": found.covered,
        "opaque": found.opaque,
        "covered_share": round(found.covered_share, 4),
        "opaque_share": round(found.opaque_share, 4),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {
        "at": entry.place,
        "method": entry.method,
        "kind": entry.kind,
        "native_types": list(entry.native_types),
    }
    optional: dict[str, Any] = {
        "rules": list(entry.rules),
        "reason": None if entry.reason is None else entry.reason.value,
        "detail": entry.detail,
        "shapes": list(entry.shapes),
        "facts": list(entry.facts),
        "worlds": list(entry.worlds),
    }
    return {**data, **{key: value for key, value in optional.items() if value}}


def load_ledger(path: Path | str) -> Ledger:
    """Read a ledger; its totals are counted again from its entries."""
    file = Path(path)
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return Ledger(data["engine"], data["engine_version"], tuple(_read(entry) for entry in data["effects"]))
    except OSError as error:
        raise CorpusError(
            f"{file}: no ledger in this folder — `llem-mine build` writes one ({error.strerror})"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{file}: not a ledger ({type(error).__name__}: {error}) — mine it again") from error


def _read(data: Mapping[str, Any]) -> Entry:
    path, _, line = data["at"].rpartition(":")
    return Entry(
        path=path,
        line=int(line),
        method=data["method"],
        kind=data["kind"],
        native_types=tuple(data["native_types"]),
        rules=tuple(data.get("rules", ())),
        reason=Reason(data["reason"]) if "reason" in data else None,
        detail=data.get("detail", ""),
        shapes=tuple(data.get("shapes", ())),
        facts=tuple(data.get("facts", ())),
        worlds=tuple(data.get("worlds", ())),
    )
