"""Findings as annotations of a GitHub workflow."""

from __future__ import annotations

from itertools import groupby

from pytest_llem_invariants.checker.describe import depending, depending_in_total
from pytest_llem_invariants.cli.formats.common import (
    WEAK,
    findings,
    foreign,
    in_repository,
    place,
    sentence,
    weakly_founded,
)
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.formats import How


_ANNOTATIONS = {"error": "error", "warn": "warning", "dormant": "notice"}
_FEW = 3
"""Of how many files each says what it depends on: a job shows no more than ten notices."""


def render(checked: Sequence[Checked], how: How) -> str:
    lines = []
    files = [list(documents) for _, documents in groupby(checked, key=lambda document: document.name)]
    is_big = len(files) > _FEW and not how.undecided
    for document in checked:
        file = _escaped(in_repository(document.name), property=True)
        for violation in findings(document):
            found = place(document, violation)
            spot = f"file={file},line={found[0]},col={found[1]}," if found else ""
            title = _escaped(violation.rule_id, property=True)
            lines.append(f"::{_ANNOTATIONS[violation.severity]} {spot}title={title}::{_escaped(sentence(violation))}")
        if document.verdict.status == "depends" and not is_big:
            told = _escaped("; ".join(depending(document.verdict, document.given)))
            level = "error" if how.undecided else "notice"
            lines.append(f"::{level} file={file},title=depends::{told}")
        if how.uncertified and not document.verdict.certified:
            certification = document.verdict.certification
            lines.append(f"::error file={file},title=uncertified::{certification}: {WEAK[certification]}")
    if is_big:
        told_of = ([(one.verdict, one.given) for one in documents] for documents in files)
        lines.extend(f"::notice title=depends::{_escaped(told)}" for told in depending_in_total(told_of))
    if not how.uncertified:
        lines.extend(f"::notice title=certification::{_escaped(told)}" for told in weakly_founded(checked))
    lines.extend(f"::notice title=foreign-corpus::{_escaped(told)}" for told in foreign(checked))
    return "\n".join(lines)


def _escaped(text: str, *, property: bool = False) -> str:
    text = printable(text).replace("%", "%25")
    return text.replace(":", "%3A").replace(",", "%2C") if property else text
