"""Findings as text for people."""

from __future__ import annotations

from pytest_llem_invariants.checker.describe import depending, describe, distinct, told_origin, undecided
from pytest_llem_invariants.cli.formats.common import WEAK, where
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.formats import How


_MARKS = {"accepted": ("ok", "✓"), "depends": ("warn", "?"), "rejected": ("error", "✗")}
_STYLES = {"error": "1;31", "warn": "1;33", "dormant": "1;36", "ok": "1;32", "faint": "2", "bold": "1"}


def render(checked: Sequence[Checked], how: How) -> str:
    def paint(style: str, text: str) -> str:
        shown = printable(text)
        return f"\x1b[{_STYLES[style]}m{shown}\x1b[0m" if how.colours else shown

    lines: list[str] = []
    for document in checked:
        for violation in distinct(document.verdict.violations):
            lines.extend(describe(violation, where(document, violation), paint))
        for one in undecided(document.verdict) if how.verbose else ():
            lines.extend(describe(one.violation, where(document, one.violation), paint, one.decides))
    for document in checked:
        verdict = document.verdict
        checker = document.checker
        style, sign = _MARKS[verdict.status]
        mark = paint(style, f"{sign} {verdict.status}")
        founded = verdict.certification
        told = f"{checker.engine} {checker.version} · certification {founded}{told_origin(verdict.origin)}"
        lines.append(f"{mark}  {paint('bold', document.name)}  {paint('faint', told)}")
        style = "error" if how.undecided and verdict.status == "depends" else "faint"
        lines.extend(f"  {paint(style, line)}" for line in depending(verdict, document.given))
        if founded in WEAK and (verdict.ok or how.uncertified):
            style = "error" if how.uncertified else "faint"
            lines.append(f"  {paint(style, WEAK[founded])}")
    return "\n".join(lines)
