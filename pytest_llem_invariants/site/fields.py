"""A page a field: what it takes, what every release made of it, and the rules that read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final

from pytest_llem_invariants.site import addresses
from pytest_llem_invariants.site.frame import Page, Plans
from pytest_llem_invariants.site.library import Edition, Engine, Library, Rule
from pytest_llem_invariants.site.markup import Html, breakable, join, link, pairs, rows, tag
from pytest_llem_invariants.site.rules import rule_table

_UP: Final = "../../../"
_LONGEST: Final = 120
_ByField = Callable[[], Mapping[str, Sequence[Rule]]]


def pages(library: Library) -> Plans:
    yield "fields/index.html", partial(_index, library)
    for engine in library.engines:
        yield addresses.fields(engine.name), partial(_of_engine, engine)
        for owner, names in _known(engine).items():
            by_field = cache(partial(_by_field, engine, owner))
            for name, edition in names.items():
                page = partial(_planned, engine, edition, owner, name, by_field)
                yield addresses.field(engine.name, owner, name), page


def _planned(engine: Engine, edition: Edition, owner: str, name: str, by_field: _ByField) -> Page:
    return of_field(engine, edition, owner, name, by_field().get(name, ()))


def _known(engine: Engine) -> Mapping[str, Mapping[str, Edition]]:
    """Class → field → the newest version that has it."""
    found: dict[str, dict[str, Edition]] = {}
    for edition in engine.editions:
        for owner, names in edition.fields.items():
            found.setdefault(owner, {}).update(dict.fromkeys(names, edition))
    return found


def _by_field(engine: Engine, owner: str) -> Mapping[str, Sequence[Rule]]:
    """The rules of the class by the fields that they read, in the newest version that has the class."""
    edition = next((one for one in reversed(engine.editions) if owner in one.by_class), None)
    found: dict[str, list[Rule]] = {}
    for rule in () if edition is None else edition.by_class[owner]:
        for name in {str(name).partition(".")[0] for name in rule.get("fields", ())}:
            found.setdefault(name, []).append(rule)
    return found


def of_field(engine: Engine, edition: Edition, owner: str, name: str, rules: Sequence[Rule]) -> Page:
    entry = edition.fields[owner][name]
    is_gone = edition is not engine.newest
    body = join(
        (
            tag("h1", breakable(f"{owner.rpartition('.')[2]}.{name}")),
            tag("p", f"Not in {engine.name} {engine.newest.version}: last seen in {edition.version}.", class_="note")
            if is_gone
            else None,
            tag("p", entry["description"]) if entry.get("description") else None,
            pairs(_told(engine, owner, entry)),
            _editions(engine, owner, name),
            _releases(engine, owner, name),
            tag("h2", f"Rules ({len(rules)})"),
            rule_table(engine, rules, _UP),
        )
    )
    crumbs = [("fields/", "Fields"), (addresses.of_class(engine.name, owner), owner)]
    return Page(addresses.field(engine.name, owner, name), f"{owner}.{name}", body, crumbs)


def _told(engine: Engine, owner: str, entry: Mapping[str, Any]) -> Iterator[tuple[object, object]]:
    yield "type", tag("code", entry.get("type") or entry.get("documented_type") or "any")
    yield "default", tag("code", _default(entry))
    yield "choices", ", ".join(map(str, entry.get("enum") or ()))
    yield "bounds", ", ".join(f"{name} {value}" for name, value in (entry.get("bounds") or {}).items())
    yield "also written", ", ".join(filter(None, (entry.get("alias"), *(entry.get("aliases") or ()))))
    yield "deprecated", entry.get("deprecated")
    yield "where", tag("code", breakable(str(entry["defined_at"]))) if entry.get("defined_at") else ""


def _default(entry: Mapping[str, Any]) -> str:
    if entry.get("required"):
        return "required"
    text = json.dumps(entry.get("default"), ensure_ascii=True, sort_keys=True)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _editions(engine: Engine, owner: str, name: str) -> Html:
    body = []
    for edition in engine.editions:
        entry = edition.fields.get(owner, {}).get(name)
        told = ("–", "not there") if entry is None else (tag("code", _default(entry)), tag("code", entry.get("type")))
        body.append((edition.version, *told))
    table = rows(("version", "default", "type"), body, aria_label="the field in each version")
    return join((tag("h2", "In each version"), table))


def _releases(engine: Engine, owner: str, name: str) -> Html | None:
    """What every release that was read has of it, as an argument, an option or a field of a request."""
    bare = owner.rpartition(".")[2]
    asked = (f"{bare}.{name}", f"--{name.replace('_', '-')}")
    wanted = asked if bare in engine.releases.get("reads", {}).get("arguments", ()) else asked[:1]
    body = [
        (spelled, f"{first} – {last}", tag("code", kind or "any"), tag("code", default or "–"), noted or "")
        for names in engine.releases.get("names", {}).values()
        for spelled in wanted
        for first, last, kind, default, noted in names.get(spelled, ())
    ]
    if not body:
        return None
    table = rows(("name", "releases", "type", "default", "deprecated"), body, aria_label="releases")
    return join((tag("h2", "In each release"), table))


# The ways in


def _index(library: Library) -> Page:
    items = []
    for engine in library.engines:
        known = _known(engine)
        count = sum(map(len, known.values()))
        items.append(
            (
                link(f"../{addresses.fields(engine.name)}", engine.name),
                f"{len(known)}",
                f"{count:,}",
                engine.newest.version,
            )
        )
    body = join(
        (
            tag("h1", "Fields"),
            tag("p", "Every field of every class that takes a config: its type, its default, what became of it."),
            rows(("engine", "classes", "fields", "newest"), items, class_="numbers", aria_label="engines"),
        )
    )
    return Page("fields/index.html", "Fields", body)


def _of_engine(engine: Engine) -> Page:
    parts: list[Html | None] = [tag("h1", f"Fields of {engine.name}")]
    for owner, names in _known(engine).items():
        items = []
        for name, edition in sorted(names.items()):
            way = link("../" + addresses.field(engine.name, owner, name), name)
            gone = None if edition is engine.newest else tag("small", f" until {edition.version}")
            items.append(tag("li", way, gone))
        parts.append(tag("h2", link("../" + addresses.of_class(engine.name, owner), breakable(owner))))
        parts.append(tag("ul", *items, class_="columns"))
    parts.append(_gone(engine))
    return Page(addresses.fields(engine.name), f"Fields of {engine.name}", join(parts), [("fields/", "Fields")])


def _gone(engine: Engine) -> Html | None:
    """What takes the place of a name that went, as the engine's table of successors has it."""
    entries = engine.releases.get("gone", ())
    if not entries:
        return None
    body = [
        (
            join((tag("code", name) for name in entry["names"]), ", "),
            " or ".join(map(str, entry.get("use", ()))) or "nothing",
            join((str(entry[key]) for key in ("out", "why", "also") if entry.get(key)), "; "),
        )
        for entry in entries
    ]
    table = rows(("name", "use", "if it is left out"), body, aria_label="names that are gone")
    return join((tag("h2", "Renamed and removed", id="gone"), table))
