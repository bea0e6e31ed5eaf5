"""What the search over all rules reads: one file, a column for each thing that is asked or shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from pytest_llem_invariants.checker.verdict import spelled
from pytest_llem_invariants.site.library import Library

PLACE: Final = "data/rules.json"
_LONGEST: Final = 240


def search_data(library: Library) -> str:
    """Rule by rule: engine, class, severity and proof as numbers into lists, versions as bits, and the texts."""
    lists: dict[str, list[str]] = {"engines": [], "classes": [], "severities": [], "proofs": [], "versions": []}
    lists["versions"] = [f"{edition.engine} {edition.version}" for edition in library.editions]

    def number(kind: str, value: str) -> int:
        known = lists[kind]
        if value not in known:
            known.append(value)
        return known.index(value)

    rules: list[Sequence[object]] = []
    first = 0
    for engine in library.engines:
        for identity, edition in engine.shown.items():
            rule = edition.rules[identity]
            versions = sum(1 << first + at for at, there in enumerate(engine.has(rule)) if there is not None)
            rules.append(
                (
                    number("engines", engine.name),
                    number("classes", str(rule["type"])),
                    number("severities", str(rule["severity"])),
                    number("proofs", str(rule["certification"])),
                    versions,
                    identity,
                    _cut(str(rule["when"])),
                    _cut(spelled(rule["words"]) if rule.get("words") else ""),
                )
            )
        first += len(engine.editions)
    lines = ",\n".join(json.dumps(rule, separators=(",", ":")) for rule in rules)
    return f'{{"lists":{json.dumps(lists)},"rules":[\n{lines}\n]}}\n'


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
