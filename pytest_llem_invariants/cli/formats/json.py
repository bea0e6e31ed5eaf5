"""Findings as JSON."""

from __future__ import annotations

import json

from pytest_llem_invariants.cli.formats.common import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.formats import How


def render(checked: Sequence[Checked], how: How) -> str:
    return json.dumps(_documents(checked), indent=2, ensure_ascii=True)


def _documents(checked: Sequence[Checked]) -> dict[str, Any]:
    documents = []
    for document in checked:
        entry: dict[str, Any] = {
            "file": document.name,
            "engine": document.checker.engine,
            "engine_version": document.checker.version,
            "notes": list(document.remarks),
            **document.verdict.as_dict(),
        }
        told = (*document.verdict.violations, *(one.violation for one in document.verdict.depends))
        for data, violation in zip((*entry["violations"], *entry["depends"]), told, strict=True):
            found = place(document, violation)
            data["line"], data["column"] = found or (None, None)
        documents.append(entry)
    return {"ok": all(document.verdict.ok for document in checked), "documents": documents}
