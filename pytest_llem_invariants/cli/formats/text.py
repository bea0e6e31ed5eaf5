"""Findings as text for people."""

from __future__ import annotations

from pytest_llem_invariants.checker.describe import depending, describe, distinct, told_origin
from pytest_llem_invariants.cli.formats.common import WEAK, where
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_llem_invariants.cli.checked import Checked


_MARKS = {"accepted": ("ok", "✓"), "depends": ("warn", "?"), "rejected": ("error", "✗")}
_STYLES = {"error": "1;31", "warn": "1;33", "dormant": "1;36", "ok": "1;32", "faint": "2", "bold": "1"}


def render(checked: Sequence[Checked], *, colours: bool, uncertified: bool) -> str:
    def paint(style: str, text: str) -> str:
        shown = printable(text)
        return f"\x1b[{_STYLES[style]}m{shown}\x1b[0m" if colours else shown

    lines: list[str] = []
    for document in checked:
        for violation in distinct(document.verdict.violations):
            lines.extend(describe(violation, where(document, violation), paint))
    for document in checked:
        verdict = document.verdict
        checker = document.checker
        style, sign = _MARKS[verdict.status]
        mark = paint(style, f"{sign} {verdict.status}")
        founded = verdict.certification
        told = f"{checker.engine} {checker.version} · certification {founded}{told_origin(verdict.origin)}"
        lines.append(f"{mark}  {paint('bold', document.name)}  {paint('faint', told)}")
        lines.extend(f"  {paint('faint', line)}" for line in depending(verdict))
        if founded in WEAK and (verdict.ok or uncertified):
            style = "error" if uncertified else "faint"
            lines.append(f"  {paint(style, WEAK[founded])}")
    return "\n".join(lines)
