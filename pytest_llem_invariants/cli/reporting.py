"""What `check` prints: for people, for programs, for code scanning, for pull requests."""

from __future__ import annotations

from pytest_llem_invariants.checker.verdict import OPEN
from pytest_llem_invariants.cli.parser import stdout_is_terminal
from pytest_llem_invariants.edge import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Verdict, Violation
    from pytest_llem_invariants.cli.check import Checked

_STYLES = {"error": "1;31", "warn": "1;33", "dormant": "1;36", "ok": "1;32", "faint": "2", "bold": "1"}
_WORDS = {"error": "error", "warn": "warning", "dormant": "ignored"}
_MARKS = {"accepted": ("ok", "✓"), "depends": ("warn", "?"), "rejected": ("error", "✗")}
_WEAK = {
    "none": "no rule behind this answer was ever proven",
    "partial": "some rules were not replayed since the corpus changed, or were contradicted and left out",
    "simulated": "some rules were proven on a simulated platform only",
    "reused": "some evidence was carried over from an earlier run",
}


def report(checked: Sequence[Checked], options: argparse.Namespace, *, uncertified: bool) -> None:
    if options.format == "text":
        print(_text(checked, stdout_is_terminal(options.color), uncertified))
        return
    if options.format == "github":
        for line in _github(checked, uncertified):
            print(line)
        return
    import json

    data = _sarif(checked, uncertified) if options.format == "sarif" else _json(checked)
    print(json.dumps(data, indent=2, ensure_ascii=True))


def told_origin(origin: str | None) -> str:
    """What follows a certification where the rules are not those that come with this package."""
    return "" if origin is None else f" · {rules_from(origin)}"


def rules_from(origin: str) -> str:
    return f"rules from {origin}, not the packaged ones"


def place(document: Checked, violation: Violation) -> tuple[int, int] | None:
    return None if document.place_of is None else document.place_of(violation.path)


def _where(document: Checked, violation: Violation) -> str:
    found = place(document, violation)
    return document.name if found is None else f"{document.name}:{found[0]}:{found[1]}"


def _text(checked: Sequence[Checked], colours: bool, uncertified: bool) -> str:
    def paint(style: str, text: str) -> str:
        shown = printable(text)
        return f"\x1b[{_STYLES[style]}m{shown}\x1b[0m" if colours else shown

    lines: list[str] = []
    for document in checked:
        for violation in distinct(document.verdict.violations):
            lines.extend(describe(violation, _where(document, violation), paint))
    for document in checked:
        verdict = document.verdict
        checker = document.checker
        style, sign = _MARKS[verdict.status]
        mark = paint(style, f"{sign} {verdict.status}")
        founded = verdict.certification
        told = f"{checker.engine} {checker.version} · certification {founded}{told_origin(verdict.origin)}"
        lines.append(f"{mark}  {paint('bold', document.name)}  {paint('faint', told)}")
        lines.extend(f"  {paint('faint', line)}" for line in depending(verdict))
        if founded in _WEAK and (verdict.ok or uncertified):
            style = "error" if uncertified else "faint"
            lines.append(f"  {paint(style, _WEAK[founded])}")
    return "\n".join(lines)


def depending(verdict: Verdict) -> list[str]:
    """One line for all rules that the same unknown facts decide."""
    counts: dict[tuple[str, ...], int] = {}
    for dependence in verdict.depends:
        counts[dependence.facts] = counts.get(dependence.facts, 0) + 1
    return [
        f"depends on {' and '.join(map(_named, facts))} ({count} rule{'s' if count != 1 else ''})"
        f" — pass {' '.join(map(_option, facts))}"
        for facts, count in counts.items()
    ]


def _named(fact: str) -> str:
    return fact if "." in fact else f"the {fact}"


def _option(fact: str) -> str:
    return "--platform" if fact == "platform" else f"--context {fact}=VALUE"


def distinct(violations: Sequence[Violation]) -> list[Violation]:
    """One violation for each guard that fields run into: several rules may describe the same line of the library.

    What it rejects without words is left to what it says about some of the same fields, and what it announces or
    changes to what it rejects: of a value that has to go nobody needs to hear more.
    """
    found: dict[tuple[Any, ...], Violation] = {}
    for violation in violations:
        about = (violation.severity, frozenset(violation.fields))
        key = (violation.guard or violation.rule_id, *about)
        known = found.get(key)
        if known is None or (OPEN in known.message and OPEN not in violation.message):
            found[key] = violation
    told: dict[tuple[Any, ...], Violation] = {}
    for violation in found.values():
        told.setdefault((violation.message, violation.severity, frozenset(violation.fields)), violation)
    spoken = [(one.severity, frozenset(one.fields)) for one in told.values() if not one.is_silent]
    rejected = _Rejected(one.fields for one in told.values() if one.severity == "error")
    return [
        one
        for one in told.values()
        if not rejected.settle(one)
        and not (
            one.is_silent
            and any(severity == one.severity and fields <= frozenset(one.fields) for severity, fields in spoken)
        )
    ]


class _Rejected:
    """The fields, alone and together, that the library rejects."""

    def __init__(self, fields: Iterable[Sequence[str]]) -> None:
        every = {frozenset(one) for one in fields}
        self._alone = {name for one in every if len(one) == 1 for name in one}
        self._together = [one for one in every if len(one) > 1]

    def settle(self, violation: Violation) -> bool:
        """Whether the library never comes to it: it is about a value that is rejected, or a combination that is."""
        if violation.severity == "error" or violation.guard is None:
            return False
        fields = frozenset(violation.fields)
        return not fields.isdisjoint(self._alone) or any(fields <= one for one in self._together)


def _unpainted(style: str, text: str) -> str:
    return printable(text)


def describe(violation: Violation, where: str, paint: Callable[[str, str], str] = _unpainted) -> list[str]:
    """A violation for people: where, what, how to mend it, and where the library says so."""
    severity = violation.severity
    word = paint(severity, _WORDS[severity])
    named = [f"{name}={violation.values[name]!r}" for name in violation.fields if name in violation.values]
    head = ", ".join(named) or ", ".join(violation.fields)
    lines = [f"{paint('bold', where)}: {word}: {printable(head)}", printable(f"  {violation.message}")]
    if violation.suggestion:
        lines.append(f"  {paint('ok', 'fix')}  {printable(violation.suggestion)}")
    source = f"{violation.guard} · {violation.rule_id}" if violation.guard else violation.native_type
    lines.append(f"  {paint('faint', f'why  {source}')}")
    if violation.certification == "none" and violation.guard:
        lines.append(f"  {paint('faint', 'this rule was read from the source and never proven')}")
    return [*lines, ""]


def _json(checked: Sequence[Checked]) -> dict[str, Any]:
    documents = []
    for document in checked:
        entry: dict[str, Any] = {
            "file": document.name,
            "engine": document.checker.engine,
            "engine_version": document.checker.version,
            **document.verdict.as_dict(),
        }
        for data, violation in zip(entry["violations"], document.verdict.violations, strict=True):
            found = place(document, violation)
            data["line"], data["column"] = found or (None, None)
        documents.append(entry)
    return {"ok": all(document.verdict.ok for document in checked), "documents": documents}


_LEVELS = {"error": "error", "warn": "warning", "dormant": "note"}


def _sarif(checked: Sequence[Checked], uncertified: bool) -> dict[str, Any]:
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
                    "message": {"text": _sentence(violation)},
                    "locations": [_location(document, violation)],
                }
            )
        if uncertified and not document.verdict.certified:
            rules["uncertified"] = {"id": "uncertified", "shortDescription": {"text": "The evidence is incomplete."}}
            message = f"certification {document.verdict.certification}: {_WEAK[document.verdict.certification]}"
            results.append({"ruleId": "uncertified", "level": "error", "message": {"text": message}})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "llem-invariants", "rules": [rules[name] for name in sorted(rules)]}},
                "results": results,
                **_invocations(checked),
                "properties": {
                    "depends": {
                        document.name: [dependence.as_dict() for dependence in document.verdict.depends]
                        for document in checked
                        if document.verdict.depends
                    }
                },
            }
        ],
    }


def _invocations(checked: Sequence[Checked]) -> dict[str, Any]:
    """What code scanning shows of the run itself: by which rules it checked, where they are not the packaged ones."""
    told = [{"level": "note", "message": {"text": sentence}} for sentence in _foreign(checked)]
    return {"invocations": [{"executionSuccessful": True, "toolExecutionNotifications": told}]} if told else {}


def _foreign(checked: Sequence[Checked]) -> list[str]:
    return [
        printable(f"{document.name}: checked with {rules_from(document.verdict.origin)}")
        for document in checked
        if document.verdict.origin is not None
    ]


def _location(document: Checked, violation: Violation) -> dict[str, Any]:
    found = place(document, violation)
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(document.name)}}
    if found is not None:
        physical["region"] = {"startLine": found[0], "startColumn": found[1]}
    return {"physicalLocation": physical}


def _uri(name: str) -> str:
    from urllib.parse import quote

    return quote(name.replace("\\", "/").encode("utf-8", "surrogateescape"), safe="/:")


def _sentence(violation: Violation) -> str:
    told = f"{violation.message} ({violation.suggestion})" if violation.suggestion else violation.message
    return printable(told)


_ANNOTATIONS = {"error": "error", "warn": "warning", "dormant": "notice"}


def _github(checked: Sequence[Checked], uncertified: bool) -> list[str]:
    lines = []
    for document in checked:
        for violation in distinct(document.verdict.violations):
            found = place(document, violation)
            spot = f"file={_escaped(document.name, property=True)},line={found[0]},col={found[1]}," if found else ""
            title = _escaped(violation.rule_id, property=True)
            lines.append(f"::{_ANNOTATIONS[violation.severity]} {spot}title={title}::{_escaped(_sentence(violation))}")
        if document.verdict.status == "depends":
            told = _escaped("; ".join(depending(document.verdict)))
            lines.append(f"::notice file={_escaped(document.name, property=True)},title=depends::{told}")
        if uncertified and not document.verdict.certified:
            certification = document.verdict.certification
            spot = f"file={_escaped(document.name, property=True)},"
            lines.append(f"::error {spot}title=uncertified::{certification}: {_WEAK[certification]}")
    lines.extend(f"::notice title=foreign-corpus::{_escaped(sentence)}" for sentence in _foreign(checked))
    return lines


def _escaped(text: str, *, property: bool = False) -> str:
    text = printable(text).replace("%", "%25")
    return text.replace(":", "%3A").replace(",", "%2C") if property else text
