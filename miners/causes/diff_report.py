"""The differences of two versions as text for a terminal, as Markdown for a comment, or as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from miners.causes.grouping import Cause, CauseKind, Differences, short, told_change
from miners.causes.pairing import GRAVEST
from miners.causes.words import from_to, one_line
from miners.causes.writable import Fold
from miners.schema.change import Difference
from pytest_llem_invariants.checker.describe import told_origin

_MOST: Final = 2
"""Lines of one kind, unless all are asked for."""
_MOST_CHANGES: Final = 6
_MOST_IN_COMMENT: Final = 4
"""A comment tells of the replay as well, and fits on a screen; all of them are in its folds."""
_ROOM: Final = 48_000
"""Characters of a comment: a forge takes some 65,000 bytes, and others write into it, too."""
_BY_NAME: Final = (
    CauseKind.FIELD_GONE,
    CauseKind.FIELD_RENAMED,
    CauseKind.FIELD_MOVED,
    CauseKind.CLASS_GONE,
    CauseKind.CLASS_NEW,
    CauseKind.FIELD_NEW,
)
"""Causes of which the first fit on one line."""
_TOLD_OF: Final = (CauseKind.FIELD_GONE, CauseKind.DECLARED, CauseKind.CLASS, CauseKind.SEVERITY)
"""Their detail says something of the subject, not what it became."""
_SILENT: Final = {"error": "rejected without words", "warn": "warned about", "dormant": "ignored or changed in silence"}
_STRICTER: Final = "stricter: a config that {old} accepts is rejected by {new}, or warned about or changed"
_LOOSER: Final = "looser: {new} accepts what {old} rejected, warned about or changed"


def as_data(found: Differences) -> dict[str, Any]:
    return {
        "causes": [one.as_data() for one in found.causes],
        "stricter": [one.as_data() for one in found.stricter],
        "looser": [one.as_data() for one in found.looser],
        "not_for_a_config": {
            kind: {fold.name.lower(): count for fold, count in sorted(folds.items())}
            for kind, folds in found.folded.items()
        },
        "defaults": [one.as_data() for one in found.defaults],
        "breaking_schema_changes": [one.as_data() for one in found.breaking],
    }


def lines(
    found: Differences, *, verbose: bool = False, origin: bool = True, changes: int | None = _MOST_CHANGES
) -> Iterator[tuple[bool, str]]:
    """The text, each line with whether it is a heading: causes first, details only where they are asked for.

    Of what became stricter or looser the first `changes` each.
    """
    rules = f"{len(found.old.rules)} → {len(found.new.rules)} rules{told_origin(found.new.origin) if origin else ''}"
    yield False, f"{found.new.engine} {found.old.version} → {found.new.version}: {rules}"
    if found.is_empty:
        yield False, "no differences"
        return
    most, changes = (None, None) if verbose else (_MOST, changes)
    for kind in CauseKind:
        causes = tuple(one for one in found.causes if one.kind is kind)
        if causes and kind in _BY_NAME and not verbose:
            yield True, f"{kind} ({_counted(causes)}): {_first(causes)}"
        elif causes:
            yield True, f"{kind} ({_counted(causes)})"
            yield from _indented(map(_cause_line, causes), len(causes), most)
    names = {"old": found.old.version, "new": found.new.version}
    for title, causes in ((_STRICTER, found.stricter), (_LOOSER, found.looser)):
        if causes:
            yield True, f"{title.format(**names)} ({_counted(causes)}: {_severities(causes)})"
            yield from _indented(map(_change_line, causes), len(causes), changes)
    for change, folds in found.folded.items():
        if folds.total():
            yield False, f"not {change} for any config: {_told_folds(folds)}"
    yield from _schema(found, most)
    if not verbose:
        yield False, "--verbose lists everything"


def _schema(found: Differences, most: int | None) -> Iterator[tuple[bool, str]]:
    if found.defaults:
        yield True, f"defaults changed ({len(found.defaults)})"
        told = (f"{short(one)}: {told_change(one)}" for one in found.defaults)
        yield from _indented(told, len(found.defaults), most)
    if found.breaking:
        kinds = Counter(one.change.words for one in found.breaking)
        counts = ", ".join(f"{count} {words}" for words, count in kinds.most_common())
        yield True, f"breaking schema changes ({len(found.breaking)}): {counts}"
        if most is None:
            yield from _indented(map(_breaking_line, found.breaking), len(found.breaking), None)


def markdown(found: Differences, *, origin: bool = True) -> str:
    """A comment for a pull request: the text of the terminal, and each list whole in a fold."""
    head, *rest = lines(found, origin=origin, changes=_MOST_IN_COMMENT)
    names = {"old": found.old.version, "new": found.new.version}
    out = [f"### {head[1]}", ""]
    for is_heading, text in rest:
        if text.startswith("--verbose"):
            continue
        title, colon, first = text.partition(": ") if is_heading else (text, "", "")
        indent = "  " * (not is_heading and text.startswith(" "))
        said = f"**{escaped(title)}**{colon}{escaped(first)}" if is_heading else escaped(text.strip())
        out.append(f"{indent}- {said}")
    room = _ROOM - sum(map(len, out))
    for title, causes, line in (
        ("every cause", found.causes, _cause_line),
        (_STRICTER.format(**names), found.stricter, _change_line),
        (_LOOSER.format(**names), found.looser, _change_line),
    ):
        if causes:
            items = [f"- {escaped(line(one))}" for one in causes]
            shown = _within(items, room // 2)
            room -= sum(map(len, shown))
            if len(shown) < len(items):
                shown.append(f"- … and {len(items) - len(shown)} more: `llem-invariants diff --verbose`")
            out += ["", f"<details><summary>{title} ({len(causes)})</summary>", "", *shown, "", "</details>"]
    return "\n".join(out).rstrip() + "\n"


def _within(items: Sequence[str], room: int) -> list[str]:
    """The first items that there is room for."""
    taken = 0
    for number, item in enumerate(items):
        taken += len(item) + 1
        if taken > room:
            return list(items[:number])
    return list(items)


def escaped(text: str) -> str:
    return "".join(f"\\{one}" if one in "\\`*_<>[]|" else one for one in text)


def _counted(causes: Sequence[Cause]) -> str:
    rules = len({rule["id"] for cause in causes for rule in cause.rules})
    return f"{len(causes)}, {rules} rules" if rules else str(len(causes))


def _severities(causes: Sequence[Cause]) -> str:
    counts = Counter(one.severity for one in causes)
    return ", ".join(f"{counts[severity]} {severity}" for severity in GRAVEST if counts[severity])


def _first(causes: Sequence[Cause]) -> str:
    told = [_cause_line(one) for one in causes[: _MOST + 1]]
    return ", ".join(told) + (f", … and {len(causes) - len(told)} more" if len(told) < len(causes) else "")


def _indented(told: Iterator[str], count: int, most: int | None) -> Iterator[tuple[bool, str]]:
    """The first lines; one more rather than a line that says that there is one more."""
    shown = count if most is None or count <= most + 1 else most
    for number, line in enumerate(told):
        if number < shown:
            yield False, f"  {line}"
    if shown < count:
        yield False, f"  … and {count - shown} more"


def _cause_line(one: Cause) -> str:
    if one.kind in _TOLD_OF or not one.detail:
        said = one_line(one.subject) + (f": {one_line(one.detail)}" if one.detail else "")
    else:
        said = " → ".join(from_to(one.subject, one.detail))
    return said + _times(one)


def _change_line(one: Cause) -> str:
    if one.kind is not CauseKind.CHECK:
        return f"{one.severity}: {one_line(one.subject)}: {one_line(one.detail)}{_times(one)}"
    rule = one.rules[0]
    said = one.detail or f"{rule['when']} ({_SILENT[one.severity]})"
    return f"{one.severity}: {one_line(said)}{_times(one)}  {rule['guard']}"


def _breaking_line(one: Difference) -> str:
    return f"{short(one)}: {told_change(one)}"


def _times(one: Cause) -> str:
    match len(one.rules):
        case 0:
            return ""
        case 1:
            return " (1 rule)"
        case count:
            return f" ({count} rules)"


def _told_folds(folds: Mapping[Fold, int]) -> str:
    return ", ".join(f"{count} {fold}" for fold, count in folds.items())
