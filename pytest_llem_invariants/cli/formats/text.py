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

    files = [list(documents) for _, documents in groupby(checked, key=lambda document: document.name)]
    findings = _findings(checked, how, paint)
    lines = [line for _, finding in findings for line in finding]
    if len(findings) > _MANY or len(files) > _FEW:
        lines = _by_cause(findings, how, paint)
    if len(files) <= _FEW:
        return "\n".join([*lines, *(line for documents in files for line in _summary(documents, how, paint))])
    shared: Counter[str] = Counter()
    for documents in files:
        first, *more = _summary(documents, how, paint)
        lines += [first, *more] if how.verbose else [first]
        shared.update(() if how.verbose else more)
    counts = Counter(_worst(documents).verdict.status for documents in files)
    lines.append(f"{len(files):,} files with configs: " + ", ".join(f"{counts[one]} {one}" for one in _MARKS))
    lines += [f"{line} ({count:,} file{'s' * (count != 1)})" for line, count in shared.most_common()]
    return "\n".join(lines)


def _findings(checked: Sequence[Checked], how: How, paint: Callable[[str, str], str]) -> list[tuple[str, list[str]]]:
    """Each finding with its place; what several configs of a file share is there once."""
    told: dict[tuple[str, ...], str] = {}
    for document in checked:
        for violation, *more in by_cause(distinct(document.verdict.violations)):
            place = where(document, violation)
            told.setdefault(tuple(describe(violation, place, paint, more=more)), place)
        for one in undecided(document.verdict) if how.verbose else ():
            place = where(document, one.violation)
            told.setdefault(tuple(describe(one.violation, place, paint, one.decides)), place)
    return [(place, list(lines)) for lines, place in told.items()]


def _by_cause(findings: Sequence[tuple[str, list[str]]], how: How, paint: Callable[[str, str], str]) -> list[str]:
    """What is said in the same words of several places is said once, with the places."""
    causes: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for place, finding in findings:
        # Of what depends on facts the head says what would decide; the head of any other may differ in the value.
        head = finding[0].partition(" if ")[2] if how.verbose else ""
        causes.setdefault((head, *finding[1:]), []).append((place, finding))
    lines: list[str] = []
    for (_, (head, *rest)), *others in causes.values():
        lines.append(head)
        places = [place for place, _ in others]
        shown = places if how.verbose else places[:_PLACES]
        left = len(places) - len(shown)
        if places:
            more = f" and {left:,} more (--verbose lists them)" if left else ""
            lines.append(f"  {paint('faint', 'also')}  {', '.join(map(printable, shown))}{more}")
        lines += rest
    return lines


_MANY = 10
"""How many findings are told one by one, if they are of few files."""
_PLACES = 5
"""How many further places of the same finding a big report lists."""
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
