"""Generate pages for people from the committed corpus and schema: parameters, rules, and which rules read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, final

from packaging.version import Version

from miners.discovery.render import FILE, load_schema
from miners.schema.diff import Parameters, diff_schemas, parameters_of
from miners.schema.report import code, table, to_markdown
from pytest_llem_invariants.corpus.files import EffectiveRule, effective, load_proposed, load_validated
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.wording import say_match
from pytest_llem_invariants.model import Corpus, Severity
from pytest_llem_invariants.ssot import data_root

PLACE: Final = Path("docs", "reference", "engines")
_PROPOSED: Final = "invariants.proposed.yaml"
_VALIDATED: Final = "invariants.validated.yaml"
_LONGEST: Final = 160
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
"""Relative links of the library do not work from here."""


@final
@dataclass(frozen=True, slots=True)
class Material:
    """The data for the pages of one engine; None for a part that is not committed."""

    engine: str
    schema: Mapping[str, Any] | None
    corpus: Corpus | None
    rules: tuple[EffectiveRule, ...]

    @classmethod
    def load(cls, engine: str, root: Path | None = None) -> Material:
        folder = (root or data_root()) / "corpora" / engine
        corpus = load_proposed(folder / _PROPOSED) if (folder / _PROPOSED).exists() else None
        validated = load_validated(folder / _VALIDATED) if (folder / _VALIDATED).exists() else None
        return cls(
            engine,
            load_schema(folder / FILE) if (folder / FILE).exists() else None,
            corpus,
            () if corpus is None else effective(corpus, validated),
        )


def pages(material: Material) -> dict[Path, str]:
    """The pages of an engine, by their path from the root of the project."""
    engine = material.engine
    found: dict[Path, str] = {}
    if material.schema is not None:
        found[PLACE / f"schema-{engine}.md"] = _text(_schema(material.schema))
    if material.corpus is not None:
        found[PLACE / f"invariants-{engine}.md"] = _text(_invariants(material, material.corpus))
    if material.schema is not None and material.corpus is not None:
        found[PLACE / f"curation-{engine}.md"] = _text(_curation(material, material.schema))
    return found


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _generated(engine: str) -> Iterator[str]:
    yield ""
    yield f"<!-- Generated: llem-mine digest {engine} -->"
    yield ""


def _schema(schema: Mapping[str, Any]) -> Iterator[str]:
    parameters = parameters_of(schema)
    count = sum(map(len, parameters.values()))
    yield f"# {schema['engine']} {schema['engine_version']}: parameters"
    yield from _generated(schema["engine"])
    yield f"{count} parameters of {len(parameters)} classes, found by {schema['discovery_method']}."
    yield f"[The invariants](invariants-{schema['engine']}.md) say which values and combinations the library rejects."
    for name in sorted(parameters):
        entry = schema["native_types"][name]
        yield f"\n## {name}\n"
        yield (
            f"{_cell(entry['description'])} `{entry['defined_at']}`\n"
            if entry["description"]
            else (f"`{entry['defined_at']}`\n")
        )
        rows = [_parameter(field, parameter) for field, parameter in sorted(parameters[name].items())]
        yield from table(("Parameter", "Type", "Default", "Description"), rows) if rows else ["It takes none."]
    yield "\n## What could not be recovered\n"
    limitations = [
        (f"`{one['native_type']}.{one['field']}`", one["reason"].replace("_", " "), _cell(one["detail"]))
        for one in schema["discovery_limitations"]
        if one["reason"] != "untyped"
    ]
    untyped = [one for one in schema["discovery_limitations"] if one["reason"] == "untyped"]
    if limitations:
        yield from table(("Field", "Reason", "Detail"), limitations)
    if untyped:
        yield f"\nThe source gives no type for {len(untyped)} parameters; the documented one stands there in italics."
    if not schema["discovery_limitations"]:
        yield "Nothing."


def _parameter(field: str, parameter: Mapping[str, Any]) -> tuple[str, str, str, str]:
    documented = parameter.get("documented_type")
    type_ = code(parameter["type"]) or (f"*{_cell(documented)}*" if documented else "")
    bounds = ", ".join(f"{name} {bound}" for name, bound in sorted(parameter["bounds"].items()))
    description = _cell(parameter["description"])
    if parameter["deprecated"]:
        by = parameter["deprecated"]["by"]
        description = f"**Deprecated{f', use `{by}`' if by else ''}.** {description}"
    return f"`{field}`", type_ + (f" ({_cell(bounds)})" if bounds else ""), _default(parameter), description


def _default(parameter: Mapping[str, Any]) -> str:
    match parameter["default_kind"]:
        case "value":
            return code(repr(parameter["default"]))
        case "none":
            return "required"
        case "object":
            return code(parameter["default_text"])
        case _:
            return "computed: " + _cell("; ".join(parameter.get("default_because", ())) or parameter["default_text"])


def _cell(text: str | None) -> str:
    """Text for one line of a table cell."""
    flat = _LINK.sub(r"\1", " ".join((text or "").split()))
    # A pattern such as `[a](b)?` is no link.
    flat = flat.replace("|", "\\|").replace("<", "&lt;").replace("](", "]\\(")
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1].rstrip("\\`* ") + "…"


def _curation(material: Material, schema: Mapping[str, Any]) -> Iterator[str]:
    parameters = parameters_of(schema)
    counts = _rule_counts(material.rules)
    ruled = sum(1 for name, fields in parameters.items() for field in fields if field in counts.get(name, {}))
    yield f"# {material.engine} {schema['engine_version']}: which parameters carry rules"
    yield from _generated(material.engine)
    yield f"{ruled} of {sum(map(len, parameters.values()))} parameters take part in a proven rule."
    for name in sorted(parameters.keys() | counts.keys()):
        yield f"\n## {name}\n"
        yield from _class_curation(parameters.get(name, {}), counts.get(name, {}))


def _class_curation(parameters: Parameters, counts: Mapping[str, Mapping[Severity, int]]) -> Iterator[str]:
    if counts:
        rows = [
            (
                f"`{field}`" if field in parameters else f"`{field}` (not a parameter)",
                *(str(counts[field].get(severity, "")) for severity in Severity),
            )
            for field in sorted(counts)
        ]
        yield from table(("Parameter", *(severity.value for severity in Severity)), rows)
    without = sorted(parameters.keys() - counts.keys())
    if without:
        yield (
            f"\nWithout a rule: {', '.join(f'`{field}`' for field in without)}."
            if counts
            else (f"Without a rule: {', '.join(f'`{field}`' for field in without)}.")
        )
    if not counts and not without:
        yield "It has no parameters."


def _rule_counts(rules: tuple[EffectiveRule, ...]) -> dict[str, dict[str, dict[Severity, int]]]:
    """Native type → parameter → severity → how many proven rules read the parameter."""
    counts: dict[str, dict[str, dict[Severity, int]]] = {}
    for one in rules:
        if one.ships:
            fields = counts.setdefault(one.rule.native_type, {})
            for field in {name.partition(".")[0] for name in referenced_fields(one.rule.match)}:
                by_severity = fields.setdefault(field, {})
                by_severity[one.rule.severity] = by_severity.get(one.rule.severity, 0) + 1
    return counts


def _invariants(material: Material, corpus: Corpus) -> Iterator[str]:
    proven = sum(1 for one in material.rules if one.ships)
    yield f"# {material.engine} {corpus.engine_version}: invariants"
    yield from _generated(material.engine)
    yield f"{len(material.rules)} rules, {proven} of them proven on the live library. A rule says when the library"
    yield "rejects a config (error), warns about it (warn), or ignores or changes a value (dormant)."
    by_class: dict[str, list[EffectiveRule]] = {}
    for one in material.rules:
        by_class.setdefault(one.rule.native_type, []).append(one)
    for name in sorted(by_class):
        yield f"\n## {name}\n"
        rows = [
            (
                _cell(say_match(one.rule.match)),
                one.rule.severity.value + ("" if one.ships else " (not proven)"),
                code(one.rule.message_template),
                f"`{one.rule.miner_source.guard}`",
            )
            for one in by_class[name]
        ]
        yield from table(("When", "Severity", "Message", "Where"), rows)


def _changes(engine: str, root: Path) -> dict[Path, str]:
    """One page for each pair of neighbours among the historical schemas and the present one."""
    folder = root / "corpora" / engine
    files = [*(folder / "history").glob(f"*/{FILE}"), *folder.glob(FILE)]
    schemas = sorted(map(load_schema, files), key=lambda schema: Version(schema["engine_version"]))
    found = {}
    for old, new in pairwise(schemas):
        diff = diff_schemas(old, new)
        page = PLACE / f"schema-diff-{engine}-{diff.old_version}-{diff.new_version}.md"
        found[page] = to_markdown(diff, tuple(_generated(engine)))
    return found


def all_pages(engine: str, root: Path) -> dict[Path, str]:
    """Every generated page of an engine."""
    return pages(Material.load(engine, root)) | _changes(engine, root)


def stale_pages(engine: str, root: Path) -> tuple[Path, ...]:
    """Pages that were made of an engine's files and are no more, by their path from the root."""
    mark, fresh = "".join(_generated(engine)), all_pages(engine, root)
    found = ((path.relative_to(root), path) for path in sorted((root / PLACE).glob(f"*-{engine}*.md")))
    return tuple(name for name, path in found if name not in fresh and mark in path.read_text(encoding="utf-8"))


def engines_with_data(root: Path) -> tuple[str, ...]:
    """The engines with a committed corpus or schema."""
    folders = (path for path in (root / "corpora").iterdir() if path.is_dir())
    return tuple(sorted(path.name for path in folders if (path / FILE).exists() or (path / _PROPOSED).exists()))
