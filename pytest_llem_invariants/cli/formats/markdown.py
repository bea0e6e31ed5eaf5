"""Findings as Markdown: a table for the summary of a CI job or a comment on a pull request."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from pytest_llem_invariants.checker.describe import depending
from pytest_llem_invariants.cli.formats.common import WEAK, findings, foreign, where
from pytest_llem_invariants.text.terminal import printable, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.formats import How


_WORDS = {"error": "❌ error", "warn": "⚠️ warning", "dormant": "💤 ignored"}
_MARKS = {"rejected": "❌", "depends": "❔", "accepted": "✅"}
_MOST_ROWS = 200
"""A summary of a job may have 1 MiB, and nobody reads on."""
_MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#~$!"})

_NOT_IN_CODE = str.maketrans("`|", "'¦")


def render(checked: Sequence[Checked], how: How) -> str:
    files = {name: list(documents) for name, documents in groupby(checked, key=lambda document: document.name)}
    status = {name: _worst(documents) for name, documents in files.items()}
    counts = Counter(status.values())
    told = ", ".join(f"{_MARKS[one]} {counts[one]} {one}" for one in _MARKS if counts[one]) or "no engine config"
    lines = [f"### Engine configs: {told}"]
    findings = _findings(checked)
    lines += _table(
        ("", "where", "finding", "fix"), [row for word in _WORDS.values() for row in findings if row[0] == word]
    )
    open_files = [
        (name, documents)
        for name, documents in files.items()
        if status[name] != "accepted" or (how.uncertified and any(not one.verdict.certified for one in documents))
    ]
    lines += _table(("", "file", "engine", "it depends on"), [_file(*one, how) for one in open_files])
    lines += [f"\n{_escaped(note)}" for note in foreign(checked)]
    return "\n".join(lines)


def _worst(documents: Sequence[Checked]) -> str:
    found = {document.verdict.status for document in documents}
    return next(status for status in _MARKS if status in found)


def _findings(checked: Sequence[Checked]) -> list[tuple[str, ...]]:
    """One row for each finding; what several configs of a file share is said once."""
    rows = {
        (_WORDS[one.severity], _code(where(document, one)), _escaped(one.message), _escaped(one.suggestion)): None
        for document in checked
        for one in findings(document)
    }
    return list(rows)


def _file(name: str, documents: Sequence[Checked], how: How) -> tuple[str, ...]:
    engines = ", ".join(dict.fromkeys(f"{one.checker.engine} {one.checker.version}" for one in documents))
    told = [line for one in documents for line in depending(one.verdict, one.given)]
    told += [WEAK[one.verdict.certification] for one in documents if how.uncertified and not one.verdict.certified]
    told += [note for one in documents for note in one.remarks]
    return _MARKS[_worst(documents)], _code(name), _escaped(engines), "<br>".join(map(_escaped, dict.fromkeys(told)))


def _table(heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    if not rows:
        return
    yield ""
    for row in (heads, ("---",) * len(heads), *rows[:_MOST_ROWS]):
        yield f"| {' | '.join(row)} |"
    if len(rows) > _MOST_ROWS:
        yield f"\nand {len(rows) - _MOST_ROWS:,} more"


def _escaped(text: str) -> str:
    """Text that shows itself: nothing in a config makes a link, an image or another column."""
    return printable(shortened(text)).translate(_MARKUP)


def _code(text: str) -> str:
    """Text as code: nothing can be escaped in it, and a cell ends at a `|` even there."""
    return f"`{printable(text).translate(_NOT_IN_CODE)}`"
