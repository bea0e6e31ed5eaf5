"""The ledger as a map: a cell for each place of the library that rejects, warns or changes, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from miners.candidates.outcomes import Reason
from miners.ledger.entries import Entry, Ledger, figures
from miners.ledger.show import headline
from pytest_llem_invariants.site import addresses
from pytest_llem_invariants.site.frame import Page, Plans
from pytest_llem_invariants.site.library import Edition, Engine, Library
from pytest_llem_invariants.site.markup import Html, breakable, join, link, rows, slug, tag

_SIGNS: Final = {"covered": "✓", "debt": "?", "beyond": "·"}
_LEGEND: Final = {
    "covered": "a rule tells it: the cell leads to the rule",
    "debt": "within reach of a config, and no rule yet",
    "beyond": "needs a running engine, or no config reaches it",
}


def pages(library: Library) -> Plans:
    yield "coverage/index.html", partial(_index, library)
    for engine in library.engines:
        for edition in engine.editions:
            if edition.ledger is not None:
                page = partial(_of_edition, engine, edition, edition.ledger)
                yield addresses.coverage(engine.name, edition.version), page


def _index(library: Library) -> Page:
    body = []
    for edition in (one for engine in library.engines for one in reversed(engine.editions)):
        if edition.ledger is not None:
            found = edition.ledger.figures
            name = link(
                "../" + addresses.coverage(edition.engine, edition.version), f"{edition.engine} {edition.version}"
            )
            body.append(
                (name, found.effects, found.reachable, found.covered, f"{found.covered_share:.1%}", found.opaque)
            )
    heads = ("version", "places", "within reach", "covered", "share", "opaque")
    parts = (
        tag("h1", "Coverage"),
        tag(
            "p",
            "Every place of the library that rejects a config, warns of it or changes it, and whether a rule tells it.",
        ),
        rows(heads, body, class_="numbers", aria_label="coverage of each version"),
    )
    return Page("coverage/index.html", "Coverage", join(parts))


def _state(entry: Entry) -> str:
    return "covered" if entry.covered else "debt" if entry.reachable else "beyond"


def _of_edition(engine: Engine, edition: Edition, ledger: Ledger) -> Page:
    legend = [tag("li", tag("span", _SIGNS[one], class_=f"cell {one}"), f" {said}") for one, said in _LEGEND.items()]
    body = []
    number = 0
    for owner, entries in ledger.by_owner.items():
        cells = []
        for entry in entries:
            number += 1
            cells.append(_cell(engine, entry, number))
        found = figures(entries)
        share = f"{found.covered_share:.0%}" if found.reachable else "–"
        body.append((breakable(owner), found.effects, share, tag("span", *cells, class_="cells")))
    title = f"Coverage of {edition.engine} {edition.version}"
    parts = (
        tag("h1", title),
        tag("p", headline(ledger)),
        tag("ul", *legend, class_="legend"),
        rows(("class", "places", "covered", "map"), body, class_="map", aria_label="places by class"),
        tag("h2", "Without a rule"),
        *_left(ledger),
    )
    return Page(addresses.coverage(edition.engine, edition.version), title, join(parts), [("coverage/", "Coverage")])


def _cell(engine: Engine, entry: Entry, number: int) -> Html:
    state = _state(entry)
    known = next((rule for rule in entry.rules if rule in engine.shown), None)
    address = f"#{_anchor(entry)}" if known is None else "../" + addresses.rule(engine.name, known)
    said = f"{entry.place} {entry.kind}: {state if entry.reason is None else entry.reason}"
    return link(address, _SIGNS[state], class_=f"cell {state}", title=said, aria_label=f"{number}: {said}")


def _anchor(entry: Entry) -> str:
    return f"at-{slug(entry.path)}-{entry.line}"


def _left(ledger: Ledger) -> Iterator[Html]:
    """What has no rule, by the reason: what is a debt first."""
    for reason, entries in sorted(ledger.by_reason.items(), key=lambda item: not item[1][0].reachable):
        yield tag("h3", f"{Reason(reason)} ({len(entries)})")
        seen: set[str] = set()
        yield tag("ul", *(_line(entry, seen) for entry in entries), class_="places")


def _line(entry: Entry, seen: set[str]) -> Html:
    """One place; a line of the source may have several effects, and one anchor."""
    anchor = _anchor(entry)
    is_first = anchor not in seen
    seen.add(anchor)
    said: Sequence[object] = (
        tag("code", breakable(entry.place)),
        f" {entry.method}, {entry.kind}",
        f": {entry.detail}" if entry.detail else "",
    )
    return tag("li", *said, id=anchor if is_first else None)
