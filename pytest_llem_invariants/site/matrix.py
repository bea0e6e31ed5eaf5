"""Feature by feature and feature by hardware: every cell is what the checker says of the two, and leads to its rule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, Final, final

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.verdict import Verdict
from pytest_llem_invariants.site import addresses
from pytest_llem_invariants.site.frame import Page, Plans
from pytest_llem_invariants.site.library import Edition, Library
from pytest_llem_invariants.site.markup import Html, join, link, rows, tag
from pytest_llem_invariants.text.yaml_reader import load_yaml
from pytest_llem_invariants.worlds.devices import table
from pytest_llem_invariants.worlds.world import World

_SIGNS: Final = {"error": "✗", "warn": "!", "dormant": "~", "depends": "?"}
_LEGEND: Final = {
    "fine": ("✓", "nothing is said of the two"),
    "error": ("✗", "rejected"),
    "warn": ("!", "a warning"),
    "dormant": ("~", "ignored or changed"),
    "depends": ("?", "facts that are not given decide"),
}
_STYLES: Final = {"depends": "debt"}
_MOST: Final = 60
"""Features in a table: those with the most that is said of them together with others."""
_LONGEST: Final = 60


@final
@dataclass(frozen=True)
class Feature:
    """A field with a value that is not its default, written as JSON."""

    field: str
    value: str

    @property
    def name(self) -> str:
        match self.value:
            case "true":
                return self.field
            case "false":
                return f"no {self.field}"
        told = json.loads(self.value)
        return f"{self.field}={told if isinstance(told, str) else self.value}"

    @property
    def kwargs(self) -> Mapping[str, Any]:
        return {self.field: json.loads(self.value)}


@final
@dataclass(frozen=True)
class Cell:
    """What is said of a config, and the rule that says it."""

    state: str
    rule: str
    said: str


def pages(library: Library) -> Plans:
    known = [edition for edition in library.editions if front(edition.checker) in edition.by_class]
    yield "matrix/index.html", partial(_index, known)
    for edition in known:
        yield addresses.matrix(edition.engine, edition.version), partial(_of_edition, edition)


def front(checker: Checker) -> str | None:
    """The class behind the commands of an engine, else behind the first of its forms."""
    forms: Mapping[str, Mapping[str, Any]] = checker.routes.get("forms", {})
    commanded = [forms.get(command.get("form"), {}).get("class") for command in checker.routes.get("commands", ())]
    return next((name for name in (*commanded, *(form.get("class") for form in forms.values())) if name), None)


def features(edition: Edition, owner: str) -> Sequence[Feature]:
    """What can be turned on or off, and what the rules over several fields speak of, if it is accepted by itself."""
    found: dict[Feature, None] = {}
    for name, entry in edition.fields.get(owner, {}).items():
        if isinstance(entry.get("default"), bool):
            found[Feature(name, json.dumps(not entry["default"]))] = None
    for rule in edition.by_class[owner]:
        if len(rule.get("fields", ())) > 1:
            found.update(dict.fromkeys(_written(edition.proposed.get(str(rule["id"]), {}).get("kwargs_positive", ""))))
    check = edition.checker.check
    return sorted((one for one in found if check(owner, one.kwargs).ok), key=lambda one: (one.field, one.value))


def _written(example: str) -> Iterator[Feature]:
    """The fields of an example, each with what it has there; a config within it is a mapping."""
    data = load_yaml(example).data if example else {}
    for name, value in data.items() if isinstance(data, dict) else ():
        plain = value.get("kwargs", {}) if isinstance(value, dict) and "$type" in value else value
        text = json.dumps(plain, sort_keys=True)
        if plain not in (None, {}, []) and "$" not in text and len(text) <= _LONGEST:
            yield Feature(str(name), text)


def pairs(edition: Edition, owner: str, known: Sequence[Feature]) -> Mapping[tuple[Feature, Feature], Cell]:
    """The pairs of which more is said than of each alone. Only those of which a rule reads both fields are asked."""
    together = {
        frozenset(pair)
        for rule in edition.by_class[owner]
        for pair in combinations({str(name).partition(".")[0] for name in rule.get("fields", ())}, 2)
    }
    found = {}
    for one, other in combinations(known, 2):
        if frozenset((one.field, other.field)) in together:
            fields = {one.field, other.field}
            cell = _cell(edition.checker.check(owner, {**one.kwargs, **other.kwargs}), fields)
            if cell is not None:
                found[one, other] = cell
    return found


def _cell(verdict: Verdict, fields: set[str]) -> Cell | None:
    """The gravest that is said with regard to all of the fields."""
    told = [(one.severity, one) for one in verdict.violations]
    told += [("depends", one.violation) for one in verdict.depends if one.violation.severity == "error"]
    about = [(state, one) for state, one in told if fields <= {str(name).partition(".")[0] for name in one.fields}]
    if not about:
        return None
    state, violation = min(about, key=lambda item: list(_SIGNS).index(item[0]))
    return Cell(state, violation.rule_id, violation.message)


def devices() -> Sequence[str]:
    """One device of each platform and capability."""
    kinds: dict[tuple[Any, ...], str] = {}
    for entry in table():
        kinds.setdefault((entry["platform"], entry.get("capability")), entry["name"])
    return list(kinds.values())


def on_devices(
    edition: Edition, owner: str, known: Sequence[Feature], names: Sequence[str]
) -> Mapping[tuple[Feature, str], Cell]:
    """What is said of a feature on a device that is not said of it where no device is known."""
    found = {}
    worlds = {name: World(gpu=name) for name in names}
    asking = {str(name) for rule in edition.by_class[owner] if rule.get("context") for name in rule.get("fields", ())}
    for name, world in worlds.items():
        bare = {one.rule_id for one in edition.checker.check(owner, {}, world=world).violations}
        for one in known:
            if one.field not in asking:
                continue
            verdict = edition.checker.check(owner, one.kwargs, world=world)
            new = [violation for violation in verdict.violations if violation.rule_id not in bare]
            cell = _cell(Verdict(tuple(new), verdict.certification), {one.field})
            if cell is not None:
                found[one, name] = cell
    return found


# The pages


def _index(known: Sequence[Edition]) -> Page:
    parts = []
    for engine in dict.fromkeys(one.engine for one in known):
        items = [
            tag("li", link("../" + addresses.matrix(engine, one.version), f"{engine} {one.version}"))
            for one in reversed(known)
            if one.engine == engine
        ]
        parts += [tag("h2", engine), tag("ul", *items, class_="columns")]
    said = "What goes together with what, and on which hardware: asked of the checker for every pair, not kept by hand."
    return Page("matrix/index.html", "Matrix", join((tag("h1", "Matrix"), tag("p", said), *parts)))


def _of_edition(edition: Edition) -> Page:
    owner = str(front(edition.checker))
    known = features(edition, owner)
    cells = pairs(edition, owner, known)
    names = devices()
    placed = on_devices(edition, owner, known, names)
    both = {**cells, **{(other, one): cell for (one, other), cell in cells.items()}}
    shown = _most([one for one, _ in both], _distinct(both))
    on_hardware = _most([one for one, _ in placed], _distinct(placed))
    title = f"Matrix of {edition.engine} {edition.version}"
    legend = [
        tag("li", tag("span", sign, class_=f"cell {_STYLES.get(state, state)}"), f" {said}")
        for state, (sign, said) in _LEGEND.items()
    ]
    parts: list[Html | None] = [
        tag("h1", title),
        tag(
            "p",
            f"Fields of {owner}, each with a value that is accepted where nothing else is given.",
        ),
        tag("ul", *legend, class_="legend"),
        tag("h2", "Feature by feature"),
        _grid(edition, shown, [(one.name, one) for one in shown], both),
        tag("h2", "Feature by hardware"),
        _grid(edition, on_hardware, [(name, name) for name in names], placed),
    ]
    return Page(addresses.matrix(edition.engine, edition.version), title, join(parts), [("matrix/", "Matrix")])


def _distinct(cells: Mapping[tuple[Feature, Any], Cell]) -> list[Feature]:
    """The features of which something is said; of those of a field with the same said of them, the first."""
    said: dict[Feature, set[tuple[Any, Cell]]] = {}
    for (one, other), cell in cells.items():
        said.setdefault(one, set()).add((other, cell))
    kept: dict[tuple[str, frozenset[tuple[Any, str]]], Feature] = {}
    for one in sorted(said, key=lambda one: (len(one.value), one.value)):
        kept.setdefault((one.field, frozenset((other, cell.state) for other, cell in said[one])), one)
    return list(kept.values())


def _most(mentioned: Sequence[Feature], known: Sequence[Feature]) -> Sequence[Feature]:
    """Those of which most is said first: so that what is said stands together."""
    counts = Counter(mentioned)
    return sorted(known, key=lambda one: (-counts[one], one.field, one.value))[:_MOST]


def _grid(
    edition: Edition, down: Sequence[Feature], across: Sequence[tuple[str, Any]], cells: Mapping[Any, Cell]
) -> Html:
    if not down:
        return tag("p", "Nothing is said.")
    body = []
    for one in down:
        line: list[Html] = [tag("span", one.name, title=one.name)]
        for name, other in across:
            cell = cells.get((one, other))
            if cell is not None:
                line.append(_linked(edition, cell, f"{one.name}, {name}"))
            else:
                line.append(
                    tag("span", "·" if other == one else "✓", class_="cell beyond" if other == one else "cell fine")
                )
        body.append(line)
    heads = ["", *(tag("span", tag("span", name), class_="turned") for name, _ in across)]
    return rows(heads, body, class_="matrix", aria_label="matrix")


def _linked(edition: Edition, cell: Cell, about: str) -> Html:
    said = f"{about}: {_LEGEND[cell.state][1]}. {cell.said}"
    style = f"cell {_STYLES.get(cell.state, cell.state)}"
    if cell.rule not in edition.rules:
        return tag("span", _SIGNS[cell.state], class_=style, title=said)
    return link(
        "../" + addresses.rule(edition.engine, cell.rule), _SIGNS[cell.state], class_=style, title=said, aria_label=said
    )
