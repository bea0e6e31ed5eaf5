"""Findings as SARIF, for code scanning."""

from __future__ import annotations

import json

from pytest_llem_invariants.checker.describe import depending, distinct
from pytest_llem_invariants.cli.formats.common import WEAK, foreign, in_repository, place, sentence
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Violation
    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.formats import How


_LEVELS = {"error": "error", "warn": "warning", "dormant": "note"}


def render(checked: Sequence[Checked], how: How) -> str:
    return json.dumps(_log(checked, how), indent=2, ensure_ascii=True)


def _log(checked: Sequence[Checked], how: How) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for document in checked:
        for violation in distinct(document.verdict.violations):
            rules[violation.rule_id] = {
                "id": violation.rule_id,
                "shortDescription": {"text": printable(violation.summary)},
                "help": {"text": printable(violation.suggestion or violation.summary)},
            }
            results.append(
                {
                    "ruleId": violation.rule_id,
                    "level": _LEVELS[violation.severity],
                    "message": {"text": sentence(violation)},
                    "locations": [_location(document, violation)],
                    "properties": {"certification": violation.certification},
                }
            )
        if how.undecided and document.verdict.status == "depends":
            rules["undecided"] = {"id": "undecided", "shortDescription": {"text": "Facts that are not given decide."}}
            message = "; ".join(depending(document.verdict, document.given))
            results.append(_about("undecided", printable(message), document))
        if how.uncertified and not document.verdict.certified:
            rules["uncertified"] = {"id": "uncertified", "shortDescription": {"text": "The evidence is incomplete."}}
            message = f"certification {document.verdict.certification}: {WEAK[document.verdict.certification]}"
            results.append(_about("uncertified", message, document))
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "llem-invariants", "rules": [rules[name] for name in sorted(rules)]}},
                "results": results,
                **_invocations(checked),
                "properties": {
                    "certification": {document.name: document.verdict.certification for document in checked},
                    "depends": {
                        document.name: [dependence.as_dict() for dependence in document.verdict.depends]
                        for document in checked
                        if document.verdict.depends
                    },
                },
            }
        ],
    }


def _about(rule: str, message: str, document: Checked) -> dict[str, Any]:
    """A result about a whole file: code scanning takes none without a location."""
    return {"ruleId": rule, "level": "error", "message": {"text": message}, "locations": [_location(document)]}


def _location(document: Checked, violation: Violation | None = None) -> dict[str, Any]:
    found = None if violation is None else place(document, violation)
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(document.name)}}
    if found is not None:
        physical["region"] = {"startLine": found[0], "startColumn": found[1]}
    return {"physicalLocation": physical}


def _invocations(checked: Sequence[Checked]) -> dict[str, Any]:
    """What code scanning shows of the run itself: by which rules it checked, where they are not the packaged ones."""
    told = [{"level": "note", "message": {"text": told_once}} for told_once in foreign(checked)]
    return {"invocations": [{"executionSuccessful": True, "toolExecutionNotifications": told}]} if told else {}


def _uri(name: str) -> str:
    from urllib.parse import quote

    return quote(in_repository(name).replace("\\", "/").encode("utf-8", "surrogateescape"), safe="/:")
