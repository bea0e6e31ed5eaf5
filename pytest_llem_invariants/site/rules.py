"""A page a rule, a page a class, and the way to both: a table of classes and the search over all rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from pytest_llem_invariants.checker.verdict import spelled
from pytest_llem_invariants.site import addresses
from pytest_llem_invariants.site.frame import SEARCH, Page, Plans
from pytest_llem_invariants.site.library import Edition, Engine, Library, Rule
from pytest_llem_invariants.site.markup import Html, breakable, join, link, pairs, rows, tag

SEVERITIES: Final = {"error": "error", "warn": "warning", "dormant": "ignored"}
"""As the corpus writes them, and as the check tells them."""
OUTCOMES: Final = {
    "error": "rejects the config",
    "warn": "warns and goes on",
    "dormant": "ignores or changes the value",
}
_UP: Final = "../../"


def pages(library: Library) -> Plans:
    yield SEARCH, partial(index, library)
    for engine in library.engines:
        classes = dict.fromkeys(name for edition in reversed(engine.editions) for name in edition.by_class)
        for name in classes:
            yield addresses.of_class(engine.name, name), partial(of_class, engine, name)
        for identity, edition in engine.shown.items():
            yield addresses.rule(engine.name, identity), partial(of_rule, engine, edition, identity)


def badge(severity: str) -> Html:
    return tag("span", SEVERITIES.get(severity, severity), class_=f"badge {severity}")


# One rule


def of_rule(engine: Engine, edition: Edition, identity: str) -> Page:
    rule = edition.rules[identity]
    owner = str(rule["type"])
    proposed = edition.proposed.get(identity, {})
    body = join(
        (
            tag("h1", rule["summary"], class_="rule"),
            tag("p", badge(str(rule["severity"])), " ", tag("code", breakable(identity), class_="id")),
            _bar(engine, rule, identity),
            pairs(_told(engine, edition, rule)),
            _examples(proposed),
            tag("h2", "Proof"),
            pairs(_proof(edition, rule, proposed)),
        )
    )
    crumbs = [("rules/", "Rules"), (addresses.of_class(engine.name, owner), owner)]
    return Page(addresses.rule(engine.name, identity), identity, body, crumbs)


def _told(engine: Engine, edition: Edition, rule: Rule) -> Iterator[tuple[object, object]]:
    owner = str(rule["type"])
    yield "when", rule["when"]
    yield "then", f"{engine.name} {OUTCOMES[str(rule['severity'])]}"
    yield "says", tag("q", spelled(rule["words"])) if rule.get("words") else "nothing of its own"
    yield "fix", rule["suggestion"]
    yield "where", tag("code", breakable(str(rule["guard"]))) if rule.get("guard") else ""
    yield "class", link(_UP + addresses.of_class(engine.name, owner), owner)
    known = edition.fields.get(owner, {})
    told = [
        link(_UP + addresses.field(engine.name, owner, name), name) if name in known else tag("code", name)
        for name in map(str, rule.get("fields", ()))
    ]
    yield "fields", join(told, ", ")
    yield "facts", join((tag("code", name) for name in rule.get("context", ())), ", ")


def _bar(engine: Engine, rule: Rule, identity: str) -> Html:
    """In which versions the rule is, oldest first; where it has another name there, that is a link."""
    parts = []
    for edition, there in zip(engine.editions, engine.has(rule), strict=True):
        shown = Html(tag("span", edition.version))
        if there is not None and there != identity:
            shown = link(f"{_UP}{addresses.rule(engine.name, there)}", edition.version)
        state = "not in" if there is None else "in"
        parts.append(
            tag("li", shown, tag("span", f" {state}", class_="hidden"), class_="off" if there is None else "on")
        )
    return tag("ol", *parts, class_="bar", aria_label=f"versions of {engine.name}")


def _examples(proposed: Mapping[str, str]) -> Html | None:
    """The two configs that prove it, as the corpus has them."""
    titles = (("triggers", "kwargs_positive"), ("passes", "kwargs_negative"), ("beside", "world"))
    parts = [
        tag("figure", tag("figcaption", title), tag("pre", tag("code", proposed[key]), tabindex="0"))
        for title, key in titles
        if proposed.get(key)
    ]
    return join((tag("h2", "Examples"), tag("div", *parts, class_="side"))) if parts else None


def _proof(edition: Edition, rule: Rule, proposed: Mapping[str, str]) -> Iterator[tuple[object, object]]:
    certification = str(rule["certification"])
    if certification == "none":
        yield "certification", "none: read in the source, never replayed"
    else:
        yield "certification", f"{certification}: replayed against {edition.engine} {edition.version}"
        yield "on", edition.validated.date
    evidence = edition.validated.get(str(rule["id"]), {})
    yield "tried around it", _soundness(evidence.get("soundness", ""))
    yield "found by", str(rule.get("by", "")).replace("_", " ")
    yield "note", proposed.get("walker_notes", "").strip('"')


def _soundness(said: str) -> str:
    counts = dict(line.split(": ", 1) for line in said.splitlines() if line.startswith(("probes: ", "agreed: ")))
    if "probes" not in counts:
        return ""
    return f"{counts['probes']} configs at its boundary, {counts.get('agreed', '?')} as it says"


# One class


def of_class(engine: Engine, name: str) -> Page:
    edition = next(one for one in reversed(engine.editions) if name in one.by_class)
    rules = sorted(edition.by_class[name], key=lambda rule: (list(map(str, rule.get("fields", ()))), rule["id"]))
    known = edition.fields.get(name, {})
    versions = ", ".join(one.version for one in engine.editions if name in one.by_class)
    body = join(
        (
            tag("h1", breakable(name)),
            tag("p", f"{len(rules):,} rules and {len(known)} fields in {edition.version}. Known in {versions}."),
            _field_links(engine, name, known),
            tag("h2", "Rules"),
            rule_table(engine, rules, "../../"),
        )
    )
    return Page(addresses.of_class(engine.name, name), name, body, [("rules/", "Rules")])


def _field_links(engine: Engine, owner: str, known: Mapping[str, Any]) -> Html | None:
    if not known:
        return None
    items = [tag("li", link(_UP + addresses.field(engine.name, owner, name), name)) for name in sorted(known)]
    return join((tag("h2", "Fields"), tag("ul", *items, class_="columns")))


def rule_table(engine: Engine, rules: Sequence[Rule], up: str) -> Html | None:
    if not rules:
        return tag("p", "There are none.")
    body = [
        (
            link(up + addresses.rule(engine.name, str(rule["id"])), rule["when"]),
            badge(str(rule["severity"])),
            join(rule.get("fields", ()), ", "),
            spelled(rule["words"]) if rule.get("words") else "",
            rule["certification"],
        )
        for rule in rules
    ]
    return rows(("when", "severity", "fields", "says", "proof"), body, class_="rules", aria_label="rules")


# The way in


def index(library: Library) -> Page:
    counts = Counter[str]()
    for engine in library.engines:
        counts[engine.name] = len(engine.shown)
    options = [_choice("engine", "Engine", counts)]
    options.append(_choice("severity", "Severity", SEVERITIES, SEVERITIES))
    options.append(_choice("proof", "Proof", ("full", "reused", "simulated", "partial", "none")))
    options.append(_choice("version", "Version", [f"{one.engine} {one.version}" for one in library.editions]))
    options.append(_choice("class", "Class", ()))
    options.append(tag("label", "Field ", tag("input", id="by-field", list="fields", autocomplete="off", size="14")))
    options.append(tag("datalist", id="fields"))
    search = tag(
        "form",
        tag(
            "label",
            "Search ",
            tag("input", type="search", id="q", autocomplete="off", placeholder="words of a rule, a field, a message"),
        ),
        *options,
        id="search",
        class_="filters",
        role="search",
        hidden=True,
    )
    found = join(
        (
            tag("p", "", id="count", role="status"),
            tag("ol", id="found", class_="found"),
            tag("button", "Show more", id="more", type="button", hidden=True),
        )
    )
    body = join(
        (
            tag("h1", "Rules"),
            tag(
                "p",
                f"{sum(counts.values()):,} rules, each with the two configs that prove it. "
                "A rule is what the library does, replayed against it.",
            ),
            search,
            tag("ul", id="texts", class_="texts", hidden=True, aria_label="Found in the documentation"),
            tag("section", found, id="results", hidden=True, aria_label="Found"),
            tag("noscript", tag("p", "The search needs JavaScript; the classes below do not.")),
            *(_classes(engine) for engine in library.engines),
        )
    )
    return Page(SEARCH, "Rules", body, scripts=("rules.js",))


def _choice(name: str, title: str, values: Any, shown: Mapping[str, str] | None = None) -> Html:
    options = [tag("option", "all", value="")]
    options += [tag("option", (shown or {}).get(value, value), value=value) for value in values]
    return tag("label", f"{title} ", tag("select", *options, id=f"by-{name}"))


def _classes(engine: Engine) -> Html:
    edition = engine.newest
    body = []
    for name, rules in sorted(edition.by_class.items(), key=lambda item: -len(item[1])):
        severities = Counter(str(rule["severity"]) for rule in rules)
        body.append(
            (
                link("../" + addresses.of_class(engine.name, name), breakable(name)),
                f"{len(rules):,}",
                *(f"{severities[severity] or '–'}" for severity in SEVERITIES),
            )
        )
    gone = {name for one in engine.editions for name in one.by_class} - set(edition.by_class)
    older = [link("../" + addresses.of_class(engine.name, name), name) for name in sorted(gone)]
    return join(
        (
            tag("h2", f"{engine.name} {edition.version}"),
            rows(
                ("class", "rules", *SEVERITIES.values()), body, class_="numbers", aria_label=f"classes of {engine.name}"
            ),
            tag("p", "In earlier versions: ", join(older, ", ")) if older else None,
        )
    )
