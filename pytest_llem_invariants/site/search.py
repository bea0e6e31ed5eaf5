"""What the search reads: a file of all rules, a column for each thing that is asked or shown, and one of the texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from pytest_llem_invariants.checker.verdict import spelled
from pytest_llem_invariants.site.documents import search_lines
from pytest_llem_invariants.site.library import Library

RULES: Final = "data/rules.json"
TEXTS: Final = "data/texts.json"
_LONGEST: Final = 240


def texts() -> str:
    """Address, page, heading and text of each section of the documentation."""
    lines = ",\n".join(json.dumps(line, separators=(",", ":")) for line in search_lines())
    return f"[{lines}]\n"


def rules(library: Library) -> str:
    """Rule by rule: engine, class, severity and proof as numbers into lists, versions as bits, and the texts."""
    numbers: dict[str, dict[str, int]] = {}
    numbers["versions"] = {f"{edition.engine} {edition.version}": at for at, edition in enumerate(library.editions)}

    def number(kind: str, value: str) -> int:
        known = numbers.setdefault(kind, {})
        return known.setdefault(value, len(known))

    found: list[Sequence[object]] = []
    first = 0
    for engine in library.engines:
        for identity, edition in engine.shown.items():
            rule = edition.rules[identity]
            versions = sum(1 << first + at for at, there in enumerate(engine.has(rule)) if there is not None)
            found.append(
                (
                    number("engines", engine.name),
                    number("classes", str(rule["type"])),
                    number("severities", str(rule["severity"])),
                    number("proofs", str(rule["certification"])),
                    versions,
                    identity,
                    _cut(str(rule["when"])),
                    _cut(spelled(rule["words"]) if rule.get("words") else ""),
                    [number("fields", name) for name in map(str, rule.get("fields", ()))],
                )
            )
        first += len(engine.editions)
    lists = {kind: list(known) for kind, known in numbers.items()}
    lines = ",\n".join(json.dumps(rule, separators=(",", ":")) for rule in found)
    return f'{{"lists":{json.dumps(lists)},"rules":[\n{lines}\n]}}\n'


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
