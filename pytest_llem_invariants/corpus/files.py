"""The files of a corpus, read strictly and written canonically; and the validated results of each proposed rule."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar, final

from pytest_llem_invariants.corpus.context import context_to_data, read_context_fields
from pytest_llem_invariants.corpus.evidence import (
    case_to_data,
    divergences_to_data,
    environment_to_data,
    read_case,
    read_divergence,
    read_environment,
)
from pytest_llem_invariants.corpus.names import field_resolver, locate_field, template_fragments
from pytest_llem_invariants.corpus.rules import read_rule, rule_to_data
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.model import (
    Case,
    Certification,
    Clause,
    ContextField,
    Corpus,
    Divergence,
    Quarantine,
    Rule,
    Severity,
    TypedValue,
    Validated,
)
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.collector import quiet_collector
from pytest_llem_invariants.text.strict import Section, schema_version, value_to_data
from pytest_llem_invariants.text.yaml_reader import (
    DEFAULT_LIMITS,
    Document,
    Limits,
    dump_yaml,
    load_yaml,
    read_text,
)

__all__ = [
    "DIVERGENT",
    "NEWEST",
    "SCHEMA_VERSION",
    "EffectiveRule",
    "dump",
    "effective",
    "field_resolver",
    "fingerprint",
    "fingerprint_of",
    "load_proposed",
    "load_quarantine",
    "load_validated",
    "locate_field",
    "parse_proposed",
    "parse_validated",
    "render_proposed",
    "render_quarantine",
    "render_validated",
    "rule_to_data",
    "sha256_of",
    "template_fragments",
    "version_of",
]

SCHEMA_VERSION: Final = "1.4.0"
"""The version of the format that we write: see docs/reference/corpus-format.md."""
NEWEST: Final = "1.6.0"
"""The version that we read, and write where a file holds a word of it: so a new word changes no file without it."""
_NEWEST_WORDS: Final = frozenset({"unlike"})
DIVERGENT: Final = "1.5.0"
"""The version that has every kind of divergence."""


_VERSION_LINE: Final = re.compile(r"^schema_version:.*$", re.MULTILINE)
_HEAD: Final = 4096
_File = TypeVar("_File")
_Reader = Callable[[Section, str], _File]
"""Builds one kind of file from its top level and the version of its format."""


def _load(path: Path | str, limits: Limits, read: _Reader[_File]) -> _File:
    with quiet_collector():
        return _read_top(_document(Path(path), limits), read)


def _parse(text: str, path: Path | str | None, limits: Limits, read: _Reader[_File]) -> _File:
    with quiet_collector():
        return _read_top(load_yaml(text, path, limits), read)


def _read_top(document: Document, read: _Reader[_File]) -> _File:
    version, newer = schema_version(document, NEWEST)
    return read(Section(document, (), document.data, tolerant=newer), version)


def _document(path: Path, limits: Limits) -> Document:
    """Reject a file of another major version after its first lines, however long it is."""
    text = read_text(path, limits)
    declared = _VERSION_LINE.search(text, 0, _HEAD)
    if declared is not None:
        above = text.count("\n", 0, declared.start())
        schema_version(load_yaml("\n" * above + declared[0], path, limits), NEWEST)
    return load_yaml(text, path, limits)


# The proposed corpus -------------------------------------------------------------------------------------------------


def load_proposed(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> Corpus:
    """Read a proposed corpus; CorpusError names file, line, rule and fix."""
    return _load(path, limits, _proposed)


def parse_proposed(text: str, path: Path | str | None = None, limits: Limits = DEFAULT_LIMITS) -> Corpus:
    """The same from text that is already in memory."""
    return _parse(text, path, limits, _proposed)


def _proposed(top: Section, version: str) -> Corpus:
    extra = top.only(
        (
            "schema_version",
            "engine",
            "engine_version",
            "mined_at",
            "context",
            "invariants",
            "rules",
            "walker_pinned_range",
        )
    )
    engine = top.text("engine")
    context = _read_context(top)
    rules, lines = _read_rules(top, engine, context)
    return Corpus(
        schema_version=version,
        engine=engine,
        engine_version=top.text("engine_version"),
        mined_at=top.moment("mined_at"),
        rules=rules,
        context=context,
        lines=lines,
        path=top.document.path,
        extra=extra,
    )


def _read_rules(top: Section, engine: str, context: Collection[str]) -> tuple[tuple[Rule, ...], dict[str, int]]:
    key = "invariants" if "invariants" in top.data else "rules"
    if key not in top.data:
        top.missing("invariants")
    if "invariants" in top.data and "rules" in top.data:
        top.fail("'rules' is another name of 'invariants'", "rules", fix="keep one of them")
    rules = []
    lines: dict[str, int] = {}
    for index, section in enumerate(top.parts(key)):
        rule = read_rule(section, engine=engine, context=context)
        line = top.document.line_of((key, index))
        if rule.id in lines:
            section.fail(f"duplicate id, first in line {lines[rule.id]}", "id", fix="rename one of the rules")
        lines[rule.id] = line
        rules.append(rule)
    return tuple(rules), lines


def _read_context(top: Section) -> dict[str, ContextField]:
    section = top.optional_section("context")
    return {} if section is None else read_context_fields(section)


def version_of(rules: Iterable[Rule], otherwise: str = SCHEMA_VERSION) -> str:
    """The oldest version of the format that has the words of these rules, not below another."""
    return NEWEST if any(rule.world_negative or _says_newest(rule) for rule in rules) else otherwise


def _says_newest(rule: Rule) -> bool:
    return any(clause.op in _NEWEST_WORDS for clauses in rule.match.fields.values() for clause in clauses)


def render_proposed(corpus: Corpus) -> str:
    """Canonical text: equal corpora give equal bytes."""
    rules = [rule_to_data(rule) for rule in corpus.rules]
    return dump_yaml({**_envelope(corpus, mined_at=corpus.mined_at), "invariants": rules})


def _envelope(of: Corpus | Quarantine, **dated: str) -> dict[str, Any]:
    """The keys before the rules of a file."""
    return {
        "schema_version": of.schema_version,
        "engine": of.engine,
        "engine_version": of.engine_version,
        **dated,
        **({"context": context_to_data(of.context)} if of.context else {}),
        **dict(sorted(of.extra.items())),
    }


# The validated file --------------------------------------------------------------------------------------------------


def load_validated(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> Validated:
    """Read a validated file."""
    return _load(path, limits, _validated)


def parse_validated(text: str, path: Path | str | None = None, limits: Limits = DEFAULT_LIMITS) -> Validated:
    """The same from text."""
    return _parse(text, path, limits, _validated)


_VALIDATED_KEYS: Final = (
    "schema_version",
    "engine",
    "engine_version",
    "validated_at",
    "corpus_sha256",
    "environment",
    "certification",
    "summary",
    "cases",
    "divergences",
)


def _validated(top: Section, version: str) -> Validated:
    extra = top.only(_VALIDATED_KEYS)
    cases: dict[str, Case] = {}
    for section in top.parts("cases"):
        case = read_case(section)
        if case.id in cases:
            section.fail("duplicate case", "id", fix="run the replay again")
        cases[case.id] = case
    return Validated(
        schema_version=version,
        engine=top.text("engine"),
        engine_version=top.text("engine_version"),
        validated_at=top.moment("validated_at"),
        corpus_sha256=top.text("corpus_sha256"),
        environment=read_environment(top.section("environment")),
        certification=top.choice("certification", Certification),
        summary=top.values("summary"),
        cases=tuple(cases.values()),
        divergences=tuple(map(read_divergence, top.parts("divergences"))),
        extra=extra,
    )


def render_validated(validated: Validated) -> str:
    """Canonical text of a validated file."""
    data: dict[str, Any] = {
        "schema_version": validated.schema_version,
        "engine": validated.engine,
        "engine_version": validated.engine_version,
        "validated_at": validated.validated_at,
        "corpus_sha256": validated.corpus_sha256,
        "environment": environment_to_data(validated.environment),
        "certification": str(validated.certification),
        "summary": value_to_data(validated.summary),
        **dict(sorted(validated.extra.items())),
        "cases": [case_to_data(case) for case in validated.cases],
        "divergences": divergences_to_data(validated.divergences),
    }
    return dump_yaml(data)


# The quarantine ------------------------------------------------------------------------------------------------------


def load_quarantine(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> Quarantine:
    """Read a quarantine file."""
    return _load(path, limits, _quarantine)


def _quarantine(top: Section, version: str) -> Quarantine:
    extra = top.only(("schema_version", "engine", "engine_version", "generated_at", "context", "quarantined_rules"))
    engine = top.text("engine")
    context = _read_context(top)
    rules: list[tuple[Rule, tuple[Divergence, ...]]] = []
    ids: set[str] = set()
    for entry in top.parts("quarantined_rules"):
        entry.only(("rule", "divergences"))
        section = entry.section("rule")
        rule = read_rule(section, engine=engine, context=context)
        if rule.id in ids:
            section.fail("duplicate id", "id", fix="keep one of the entries")
        ids.add(rule.id)
        rules.append((rule, tuple(map(read_divergence, entry.parts("divergences")))))
    return Quarantine(
        schema_version=version,
        engine=engine,
        engine_version=top.text("engine_version"),
        generated_at=top.moment("generated_at"),
        rules=tuple(rules),
        context=context,
        extra=extra,
    )


def render_quarantine(quarantine: Quarantine) -> str:
    """Canonical text of a quarantine file."""
    rules = [
        {"rule": rule_to_data(rule), "divergences": divergences_to_data(divergences)}
        for rule, divergences in quarantine.rules
    ]
    return dump_yaml({**_envelope(quarantine, generated_at=quarantine.generated_at), "quarantined_rules": rules})


# Identity and overlay ------------------------------------------------------------------------------------------------


def dump(path: Path | str, text: str) -> None:
    """Write a rendered file atomically."""
    write_atomically(Path(path), text)


def sha256_of(text: str) -> str:
    """The digest with which a validated file names its proposed corpus."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(rule: Rule) -> str:
    """The identity of a constraint: rules with the same fingerprint are one constraint."""
    return fingerprint_of(rule.engine, rule.native_type, rule.severity, rule.match.fields)


def fingerprint_of(engine: str, native_type: str, severity: Severity, fields: Mapping[str, tuple[Clause, ...]]) -> str:
    """The fingerprint from its parts, for a rule that has no id yet."""
    normal = {
        subject: sorted([clause.op, _normal_rhs(clause)] for clause in clauses) for subject, clauses in fields.items()
    }
    text = json.dumps([engine, native_type, str(severity), normal], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _normal_rhs(clause: Clause) -> str:
    if OPERATORS[clause.op].lists and isinstance(clause.rhs, (list, tuple)):
        return "[" + ",".join(sorted({_normal(member) for member in clause.rhs})) + "]"
    return _normal(clause.rhs)


def _normal(value: Any) -> str:
    """The same text for values that the format treats as equal: 1 and 1.0, a tuple and a list, any key order."""
    if isinstance(value, Enum):
        return _normal(value.value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return hex(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
    if isinstance(value, TypedValue):
        return f"${value.type}{_normal(value.kwargs)}"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{_normal(key)}:{_normal(item)}" for key, item in value.items())) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_normal, value)) + "]"
    raise CorpusError(f"{type(value).__name__} cannot be written in a predicate: {value!r:.200}")


@final
@dataclass(frozen=True, slots=True)
class EffectiveRule:
    """A rule with its result on the live library, if there is one."""

    rule: Rule
    case: Case | None

    @property
    def ships(self) -> bool:
        return self.case is not None and self.case.confirmed


def effective(corpus: Corpus, validated: Validated | None) -> tuple[EffectiveRule, ...]:
    """The corpus in its order, each rule with its case."""
    cases = {} if validated is None else {case.id: case for case in validated.cases}
    return tuple(EffectiveRule(rule, cases.get(rule.id)) for rule in corpus.rules)
