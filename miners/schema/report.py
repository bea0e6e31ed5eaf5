"""Report a difference between schemas as text for a terminal or as a Markdown page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from miners.schema.change import Difference, Rename, SchemaDiff

_LONGEST: Final = 90


def to_text(diff: SchemaDiff) -> str:
    lines = [_headline(diff)]
    for title, differences in (("breaking", diff.breaking), ("safe", diff.safe)):
        lines += [f"\n{title}:"] if differences else []
        lines += [f"  {one.place}: {one.change.words}{_from_to(one)}" for one in differences]
    lines += ["\nperhaps renamed:"] if diff.renames else []
    lines += [f"  {_place(one)}: {one.because}" for one in diff.renames]
    return "\n".join(lines) + "\n"


def to_json(diff: SchemaDiff) -> str:
    return json.dumps(diff.as_data(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def to_markdown(diff: SchemaDiff, preface: Sequence[str] = ("",)) -> str:
    """A page with one table per kind of change."""
    lines = [f"# {_title(diff)}", *preface, _headline(diff) + ".", ""]
    for title, differences in (("Breaking", diff.breaking), ("Safe", diff.safe)):
        if differences:
            lines += [f"## {title}", "", *table(("Field", "Change", "Before", "After"), _rows(differences)), ""]
    if diff.renames:
        rows = (
            (f"`{one.old}`", f"`{one.new}`", f"`{one.native_type}`" if one.native_type else "class", one.because)
            for one in diff.renames
        )
        lines += ["## Perhaps renamed", "", *table(("Before", "After", "In", "Because"), rows), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


RENDERERS: Final[Mapping[str, Callable[[SchemaDiff], str]]] = {
    "text": to_text,
    "json": to_json,
    "markdown": to_markdown,
}


def _title(diff: SchemaDiff) -> str:
    return f"{diff.engine}: parameters from {diff.old_version} to {diff.new_version}"


def _headline(diff: SchemaDiff) -> str:
    return (
        f"{diff.engine} {diff.old_version} to {diff.new_version}: {len(diff.breaking)} breaking, "
        f"{len(diff.safe)} safe, {len(diff.renames)} perhaps renamed"
    )


def _place(rename: Rename) -> str:
    before = rename.old if rename.native_type is None else f"{rename.native_type}.{rename.old}"
    return f"{before} -> {rename.new}"


def _from_to(one: Difference) -> str:
    match one.old, one.new:
        case None, None:
            return ""
        case None, new:
            return f" ({_short(new)})"
        case old, None:
            return f" ({_short(old)})"
        case old, new:
            return f": {_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _rows(differences: Sequence[Difference]) -> Iterator[Sequence[str]]:
    for one in differences:
        yield f"`{one.place}`", one.change.words, code(one.old), code(one.new)


def code(value: Any) -> str:
    """A value as code in a table cell."""
    if value is None or value == "":
        return ""
    text = _short(value).replace("`", "'").replace("|", "\\|")
    return f"`{text}`"


def table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
