"""Two versions of an engine side by side: causes first, in the words of `diff`, each with the rules it explains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import combinations
from typing import Final

from miners.causes.between import Between
from miners.causes.diff_report import lines
from miners.causes.grouping import Cause, CauseKind, Differences, differences
from miners.causes.releases import Releases
from pytest_llem_invariants.site import addresses
from pytest_llem_invariants.site.frame import Page, Plans
from pytest_llem_invariants.site.library import Edition, Engine, Library
from pytest_llem_invariants.site.markup import Html, breakable, join, link, rows, tag

_WIDTH: Final = 120
_MOST_RULES: Final = 6
_Pair = tuple[Engine, Edition, Edition, Callable[[], Differences]]


def pages(library: Library) -> Plans:
    known: list[_Pair] = []
    for engine in library.engines:
        for old, new in combinations(engine.editions, 2):
            pair = (engine, old, new, cache(partial(_between, engine, old, new)))
            known.append(pair)
            yield addresses.versions(engine.name, old.version, new.version), partial(_of_pair, *pair)
    yield "versions/index.html", partial(_index, library, known)


def _between(engine: Engine, old: Edition, new: Edition) -> Differences:
    between = Between(old.schema or None, new.schema or None)
    return differences(old.side, new.side, between, Releases.read(engine.newest.folder))


def _index(library: Library, known: Sequence[_Pair]) -> Page:
    told = [(engine, old, new, len(found().stricter), len(found().looser)) for engine, old, new, found in known]
    most = max((count for *_, stricter, looser in told for count in (stricter, looser)), default=1)
    parts: list[Html] = [tag("h1", "Versions"), tag("p", "What another version of an engine makes of the same config.")]
    for engine in library.engines:
        only = ", ".join(edition.version for edition in engine.editions)
        parts.append(tag("h2", engine.name))
        body = [
            (
                link(
                    "../" + addresses.versions(engine.name, old.version, new.version), f"{old.version} → {new.version}"
                ),
                join((bar(stricter, most), f" {stricter}")),
                join((bar(looser, most), f" {looser}")),
            )
            for of, old, new, stricter, looser in reversed(told)
            if of is engine
        ]
        if body:
            parts.append(rows(("versions", "stricter", "looser"), body, aria_label=f"versions of {engine.name}"))
        else:
            parts.append(tag("p", f"Only {only}."))
    return Page("versions/index.html", "Versions", join(parts))


def bar(count: int, most: int) -> Html:
    """A count as a length; the number stands beside it."""
    width = max(1, round(_WIDTH * count / most)) if count and most else 0
    rect = tag("rect", width=width, height=10, rx=2)
    return tag("svg", rect, class_="count", width=_WIDTH, height=10, aria_hidden="true")


def _of_pair(engine: Engine, old: Edition, new: Edition, between: Callable[[], Differences]) -> Page:
    found = between()
    title = f"{engine.name} {old.version} → {new.version}"
    head, *rest = [one for one in lines(found) if not one[1].startswith("--verbose")]
    parts: list[Html | None] = [tag("h1", title), tag("p", head[1].partition(": ")[2])]
    parts.append(_summary(rest))
    kinds = [(kind, [one for one in found.causes if one.kind is kind]) for kind in CauseKind]
    most = max([len(causes) for _, causes in kinds] + [len(found.stricter), len(found.looser), 1])
    for shown, causes, edition in (
        (f"Stricter: {old.version} accepts it, {new.version} does not", found.stricter, new),
        (f"Looser: {new.version} accepts what {old.version} did not", found.looser, old),
        *((str(kind).capitalize(), causes, new) for kind, causes in kinds),
    ):
        parts.append(_fold(engine, edition, shown, causes, most))
    return Page(
        addresses.versions(engine.name, old.version, new.version), title, join(parts), [("versions/", "Versions")]
    )


def _summary(told: Iterable[tuple[bool, str]]) -> Html:
    """The short text, as `diff` prints it and a refresh comments it."""
    groups: list[tuple[str, list[str]]] = []
    for is_heading, line in told:
        if is_heading:
            groups.append((line, []))
        elif groups and line.startswith(" "):
            groups[-1][1].append(line.strip())
        else:
            groups.append((line, []))
    items = [
        tag("li", tag("strong", line), tag("ul", *(tag("li", one) for one in below)) if below else None)
        for line, below in groups
    ]
    return tag("ul", *items, class_="summary")


def _fold(engine: Engine, edition: Edition, title: str, causes: Sequence[Cause], most: int) -> Html | None:
    """Every cause of a kind, whole."""
    if not causes:
        return None
    head = tag("summary", tag("h2", f"{title} ({len(causes)}) "), bar(len(causes), most))
    items = [
        tag(
            "li",
            tag("span", breakable(one.subject)),
            f": {one.detail}" if one.detail else None,
            _rules(engine, edition, one),
        )
        for one in causes
    ]
    return tag("details", head, tag("ul", *items, class_="causes"))


def _rules(engine: Engine, edition: Edition, cause: Cause) -> Html | None:
    known = [rule for rule in cause.rules if rule["id"] in engine.shown]
    if not known:
        return None
    told = [
        link("../../" + addresses.rule(engine.name, str(rule["id"])), f"{rule['severity']}: {rule['when']}")
        for rule in known
    ]
    left = f" and {len(told) - _MOST_RULES} more rules" if len(told) > _MOST_RULES else None
    return tag("ul", *(tag("li", one) for one in told[:_MOST_RULES]), tag("li", left) if left else None)
