"""Findings as text for people."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from pytest_llem_invariants.checker.describe import by_cause, depending, describe, distinct, told_origin, undecided
from pytest_llem_invariants.checker.verdict import weakest
from pytest_llem_invariants.cli.formats.common import WEAK, where
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.formats import How


_MARKS = {"accepted": ("ok", "✓"), "depends": ("warn", "?"), "rejected": ("error", "✗")}
_STYLES = {"error": "1;31", "warn": "1;33", "dormant": "1;36", "ok": "1;32", "faint": "2", "bold": "1"}


def render(checked: Sequence[Checked], how: How) -> str:
    def paint(style: str, text: str) -> str:
        shown = printable(text)
        return f"\x1b[{_STYLES[style]}m{shown}\x1b[0m" if how.colours else shown

    lines: list[str] = []
    told: set[tuple[str, ...]] = set()
    for document in checked:
        findings = [
            describe(violation, where(document, violation), paint, more=more)
            for violation, *more in by_cause(distinct(document.verdict.violations))
        ] + [
            describe(one.violation, where(document, one.violation), paint, one.decides)
            for one in (undecided(document.verdict) if how.verbose else ())
        ]
        for finding in findings:
            if tuple(finding) not in told:  # what several configs of a file share is said once
                told.add(tuple(finding))
                lines.extend(finding)
    files = [list(documents) for _, documents in groupby(checked, key=lambda document: document.name)]
    for documents in files:
        lines.extend(_summary(documents, how, paint))
    if len(files) > _FEW:
        counts = Counter(_worst(documents).verdict.status for documents in files)
        lines.append(f"{len(files):,} files with configs: " + ", ".join(f"{counts[one]} {one}" for one in _MARKS))
    return "\n".join(lines)


_FEW = 3
"""Of how many files nobody needs a total."""
_GRAVITY = {"accepted": 0, "depends": 1, "rejected": 2}


def _worst(documents: Sequence[Checked]) -> Checked:
    return max(documents, key=lambda document: _GRAVITY[document.verdict.status])


def _summary(documents: Sequence[Checked], how: How, paint: Callable[[str, str], str]) -> list[str]:
    """The lines about the configs of one file: one where nothing is to be told."""
    worst = _worst(documents)
    verdict = worst.verdict
    style, sign = _MARKS[verdict.status]
    mark = paint(style, f"{sign} {verdict.status}")
    founded = weakest([document.verdict.certification for document in documents])
    engines = ", ".join(dict.fromkeys(f"{one.checker.engine} {one.checker.version}" for one in documents))
    count = f"{len(documents)} configs · " if len(documents) > 1 else ""
    told = f"{count}{engines} · certification {founded}{told_origin(verdict.origin)}"
    lines = [f"{mark}  {paint('bold', worst.name)}  {paint('faint', told)}"]
    notes = dict.fromkeys(note for document in documents for note in document.notes)
    lines.extend(f"  {paint('faint', note)}" for note in notes)
    style = "error" if how.undecided and verdict.status == "depends" else "faint"
    depends = [line for document in documents for line in depending(document.verdict, document.given)]
    lines.extend(f"  {paint(style, line)}" for line in dict.fromkeys(depends))
    if founded in WEAK and (verdict.ok or how.uncertified):
        style = "error" if how.uncertified else "faint"
        lines.append(f"  {paint(style, WEAK[founded])}")
    return lines
