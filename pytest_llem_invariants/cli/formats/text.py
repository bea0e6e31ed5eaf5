"""Findings as text for people."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby

from pytest_llem_invariants.checker.describe import (
    by_cause,
    depending,
    depending_in_short,
    depending_in_total,
    describe,
    distinct,
    told_origin,
    undecided,
)
from pytest_llem_invariants.checker.verdict import weakest
from pytest_llem_invariants.cli.formats.common import WEAK, where
from pytest_llem_invariants.cli.formats.common import findings as worth_telling_of
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
    lines = _by_cause(findings, how, paint)
    if len(files) <= _FEW:
        return "\n".join([*lines, *(line for documents in files for line in _summary(documents, how, paint))])
    for documents in files:
        lines += _summary(documents, how, paint) if how.verbose else _head(documents, paint)
    counts = Counter(_worst(documents).verdict.status for documents in files)
    lines.append(f"{len(files):,} files with configs: " + ", ".join(f"{counts[one]} {one}" for one in _MARKS))
    return "\n".join([*lines, *([] if how.verbose else _shared(files, how, paint))])


def _findings(checked: Sequence[Checked], how: How, paint: Callable[[str, str], str]) -> list[tuple[str, list[str]]]:
    """Each finding with its place; what several configs of a file share is there once."""
    told: dict[tuple[str, ...], str] = {}
    for document in checked:
        said = distinct(document.verdict.violations) if how.verbose else worth_telling_of(document)
        for violation, *more in by_cause(said):
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
    for (head_at, (head, *rest)), *others in causes.values():
        lines.append(head)
        places = [_short(place, head_at) for place, _ in others]
        shown = places if how.verbose else places[:_PLACES]
        left = len(places) - len(shown)
        if places:
            more = f" and {left:,} more (--verbose lists them)" if left else ""
            lines.append(f"  {paint('faint', 'also')}  {', '.join(map(printable, shown))}{more}")
        lines += rest
    return lines


def _short(place: str, beside: str) -> str:
    """A place of the file that was just named, without its name."""
    name = re.sub(r":\d+:\d+\Z", "", place)
    return place.removeprefix(f"{name}:") if beside.startswith(f"{name}:") and name != place else place


_PLACES = 5
"""How many further places of the same finding a big report lists."""
_FEW = 3
"""Of how many files nobody needs a total."""
_GRAVITY = {"accepted": 0, "depends": 1, "rejected": 2}


def _worst(documents: Sequence[Checked]) -> Checked:
    return max(documents, key=lambda document: _GRAVITY[document.verdict.status])


def _head(documents: Sequence[Checked], paint: Callable[[str, str], str]) -> list[str]:
    """The line about the configs of one file."""
    worst = _worst(documents)
    style, sign = _MARKS[worst.verdict.status]
    mark = paint(style, f"{sign} {worst.verdict.status}")
    engines = ", ".join(dict.fromkeys(f"{one.checker.engine} {one.checker.version}" for one in documents))
    count = f"{len(documents)} configs · " if len(documents) > 1 else ""
    told = f"{count}{engines} · certification {_founded(documents)}{told_origin(worst.verdict.origin)}"
    return [f"{mark}  {paint('bold', worst.name)}  {paint('faint', told)}"]


def _summary(documents: Sequence[Checked], how: How, paint: Callable[[str, str], str]) -> list[str]:
    """The lines about the configs of one file: one where nothing is to be told."""
    lines = _head(documents, paint)
    notes = dict.fromkeys(note for document in documents for note in document.remarks)
    lines.extend(f"  {paint('faint', note)}" for note in notes)
    depends = (
        [line for document in documents for line in depending(document.verdict, document.given)]
        if how.verbose
        else depending_in_short((document.verdict, document.given) for document in documents)
    )
    lines.extend(f"  {paint(_of_open(documents, how), line)}" for line in dict.fromkeys(depends))
    lines.extend(f"  {paint(*weak)}" for weak in _weakness(documents, how))
    return lines


def _shared(files: Sequence[Sequence[Checked]], how: How, paint: Callable[[str, str], str]) -> list[str]:
    """What is said of many files, each thing once."""
    style = "error" if any(_of_open(documents, how) == "error" for documents in files) else "faint"
    depends = depending_in_total([(one.verdict, one.given) for one in documents] for documents in files)
    lines = [f"  {paint(style, line)}" for line in depends]
    required: dict[str, list[str]] = {}
    notes: Counter[tuple[str, str]] = Counter()
    for documents in files:
        for path, version in dict.fromkeys(one.required for one in documents if one.required is not None):
            required.setdefault(version, []).append(path)
        notes.update(list(dict.fromkeys(("faint", note) for one in documents for note in one.notes)))
        notes.update(_weakness(documents, how))
    for version, paths in required.items():
        others = len(set(paths)) - 1
        told = f"{paths[0]} and {others:,} more require {version}" if others else f"{paths[0]} requires {version}"
        lines.append(f"  {paint('faint', told)} ({_files(len(paths))})")
    return lines + [f"  {paint(*told)} ({_files(count)})" for told, count in notes.most_common()]


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


def _founded(documents: Sequence[Checked]) -> str:
    return weakest([document.verdict.certification for document in documents])


def _of_open(documents: Sequence[Checked], how: How) -> str:
    """How what a verdict depends on is painted."""
    return "error" if how.undecided and _worst(documents).verdict.status == "depends" else "faint"


def _weakness(documents: Sequence[Checked], how: How) -> list[tuple[str, str]]:
    """What is to be said of the evidence, with its style.

    What is proven on simulated devices is the rule for devices, and its name is told: the sentence is for who asks.
    """
    founded, is_ok = _founded(documents), _worst(documents).verdict.ok
    if founded in WEAK and (how.uncertified or (is_ok and (how.verbose or founded != "simulated"))):
        return [("error" if how.uncertified else "faint", WEAK[founded])]
    return []
