"""A ledger as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from miners.candidates.outcomes import Reason
from miners.ledger.entries import Entry, Figures, Ledger, figures

_MOST_SHAPES: Final = 20
_WORDS: Final = {
    Reason.OPAQUE: "no predicate can express a clause",
    Reason.REFUTED: "the library contradicted the rule",
    Reason.NO_EXAMPLE: "no example found",
    Reason.NOT_TRIED: "proposed, not proven",
    Reason.RUN_TIME: "needs what only a running engine has",
    Reason.UNREACHABLE: "building and validating never runs it",
    Reason.DEFAULT: "only fills in what was not given",
    Reason.PRIVATE: "private",
}


def show(ledger: Ledger, *, every: bool = False) -> str:
    """The figures, per class and per reason, and the kinds of opaque guards; with `every`, each effect too."""
    parts = [headline(ledger), _classes(ledger), _reasons(ledger), _shapes(ledger)]
    if every:
        parts.append("\n".join(_line(entry) for entry in ledger.entries))
    return "\n\n".join(part for part in parts if part)


def headline(ledger: Ledger) -> str:
    """One sentence with the two shares that have a bound."""
    found = ledger.figures
    return (
        f"{ledger.engine} {ledger.engine_version}: {found.effects} effects, "
        f"{found.reachable} within reach of keyword arguments, "
        f"{found.covered} covered ({found.covered_share:.1%}), {found.opaque} opaque ({found.opaque_share:.1%})"
    )


def _classes(ledger: Ledger) -> str:
    rows: list[tuple[str, ...]] = [("class", "effects", "reach", "covered", "share", "opaque")]
    rows.extend(_row(name, figures(entries)) for name, entries in ledger.by_owner.items())
    return _table(rows)


def _row(name: str, found: Figures) -> tuple[str, ...]:
    share = f"{found.covered_share:.0%}" if found.reachable else "-"
    return (name, str(found.effects), str(found.reachable), str(found.covered), share, str(found.opaque))


def _reasons(ledger: Ledger) -> str:
    rows = [("no rule because", "effects")]
    rows.extend((_WORDS[reason], str(len(entries))) for reason, entries in ledger.by_reason.items())
    return _table(rows) if len(rows) > 1 else ""


def _shapes(ledger: Ledger) -> str:
    rows = [("opaque clauses by shape", "effects", "for instance")]
    shapes = list(ledger.by_shape.items())[:_MOST_SHAPES]
    rows.extend((shape, str(len(entries)), entries[0].place) for shape, entries in shapes)
    return _table(rows) if shapes else ""


def _line(entry: Entry) -> str:
    if entry.covered:
        said = ", ".join(entry.rules)
    else:
        said = f"({entry.reason}) {entry.detail}" if entry.detail else f"({entry.reason})"
    return f"{entry.place} {entry.method} {entry.kind}: {said}"


def _table(rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [
        all(row[column][:1].isdigit() or row[column] == "-" for row in rows[1:]) for column in range(len(widths))
    ]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    )
