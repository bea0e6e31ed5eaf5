"""One rule of a corpus, from plain data and back."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from pytest_llem_invariants.language.expressions import ExpressionError, parse
from pytest_llem_invariants.language.predicates import PredicateError, canonical_operator, reference_of, validate_clause
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ExpectedOutcome,
    Match,
    MinerSource,
    Outcome,
    Rule,
    Severity,
    TypedValue,
)
from pytest_llem_invariants.text.strict import TYPE_KEY, Section, value_to_data

ID_PATTERN: Final = re.compile(r"[a-z0-9_]+\Z")
_RULE_KEYS: Final = (
    "id",
    "engine",
    "library",
    "invariant_under_test",
    "rule_under_test",
    "severity",
    "native_type",
    "miner_source",
    "match",
    "kwargs_positive",
    "kwargs_negative",
    "world",
    "world_negative",
    "expected_outcome",
    "message_template",
    "observed_messages",
    "references",
    "added_by",
    "added_at",
    "cross_validated_by",
    "conflict_note",
    "walker_notes",
    "requires_gpu",
    "hardware_dependent",
)
_OUTCOMES: Final[Mapping[Severity, tuple[Outcome, ...]]] = {
    Severity.ERROR: (Outcome.ERROR, Outcome.PASS),
    Severity.WARN: (Outcome.WARN, Outcome.DORMANT_ANNOUNCED, Outcome.PASS),
    Severity.DORMANT: (Outcome.DORMANT_ANNOUNCED, Outcome.DORMANT_SILENT, Outcome.PASS),
}
_ANNOUNCING: Final = (
    Channel.WARNINGS_WARN,
    Channel.LOGGER_WARNING,
    Channel.LOGGER_WARNING_ONCE,
    Channel.MINOR_ISSUES_DICT,
)
_CHANNELS: Final[Mapping[Outcome, tuple[Channel, ...]]] = {
    Outcome.ERROR: (Channel.RUNTIME_EXCEPTION,),
    Outcome.WARN: _ANNOUNCING,
    Outcome.DORMANT_ANNOUNCED: _ANNOUNCING,
    Outcome.DORMANT_SILENT: (Channel.NONE,),
    Outcome.PASS: (Channel.NONE,),
}


def read_rule(section: Section, *, engine: str | None = None, context: Collection[str] = ()) -> Rule:
    """One rule; `engine` is the corpus's, `context` the fields outside the config."""
    rule_id = section.text("id")
    if not ID_PATTERN.match(rule_id):
        section.fail(f"the id {rule_id!r} is not made of a-z, 0-9 and _", "id", fix="rename it")
    section.rule_id = rule_id
    extra = dict(section.only(_RULE_KEYS))
    own_engine = section.text("engine")
    if engine is not None and own_engine != engine:
        section.fail(f"'engine' is {own_engine!r} in a corpus of {engine!r}", "engine", fix="move or fix the rule")
    severity = section.choice("severity", Severity)
    rule = Rule(
        id=rule_id,
        engine=own_engine,
        library=section.text("library"),
        invariant_under_test=_sentence(section),
        severity=severity,
        native_type=section.text("native_type"),
        miner_source=_miner_source(section.section("miner_source"), extra),
        match=_match(section.section("match"), own_engine, extra),
        kwargs_positive=_kwargs(section, "kwargs_positive"),
        kwargs_negative=_kwargs(section, "kwargs_negative"),
        expected_outcome=_expected(section.section("expected_outcome"), severity, extra),
        message_template=section.optional_text("message_template"),
        references=section.texts("references"),
        added_by=section.choice("added_by", AddedBy),
        added_at=section.moment("added_at"),
        cross_validated_by=section.choices("cross_validated_by", AddedBy),
        observed_messages=section.texts("observed_messages"),
        conflict_note=section.optional_text("conflict_note"),
        walker_notes=section.optional_text("walker_notes"),
        requires_gpu=section.flag("requires_gpu"),
        hardware_dependent=section.flag("hardware_dependent"),
        world=_world(section, "world", context),
        world_negative=_world(section, "world_negative", context),
        extra=extra,
    )
    _check_references(section, rule, context)
    return rule


def _sentence(section: Section) -> str:
    if "rule_under_test" not in section:
        return section.text("invariant_under_test")
    if "invariant_under_test" in section:
        section.fail("'rule_under_test' is the old name of 'invariant_under_test'", "rule_under_test", fix="keep one")
    return section.text("rule_under_test")


def _world(section: Section, key: str, context: Collection[str]) -> Mapping[str, Any]:
    """Facts that the corpus declares, each with a value."""
    world = section.values(key)
    for name in world:
        if name not in context:
            known = ", ".join(sorted(context)) or "none"
            section.fail(f"{key!r} names the fact {name!r}", key, name, fix=f"the corpus declares {known}")
    return world


def _keep(section: Section, known: Collection[str], extra: dict[str, Any]) -> None:
    """Keep the keys of a newer minor version in a part of a rule under their dotted name."""
    extra.update({f"{section.at[-1]}.{key}": value for key, value in section.only(known).items()})


def _miner_source(section: Section, extra: dict[str, Any]) -> MinerSource:
    _keep(section, ("path", "method", "line_at_scan"), extra)
    return MinerSource(section.text("path"), section.text("method"), section.integer("line_at_scan"))


def _kwargs(section: Section, key: str) -> Mapping[str, Any]:
    if key not in section.data:
        section.missing(key)
    return section.values(key)


def _expected(section: Section, severity: Severity, extra: dict[str, Any]) -> ExpectedOutcome:
    _keep(section, ("outcome", "emission_channel", "normalised_fields"), extra)
    outcome = section.choice("outcome", Outcome)
    channel = section.choice("emission_channel", Channel)
    fields = section.texts("normalised_fields")
    if outcome not in _OUTCOMES[severity]:
        allowed = ", ".join(_OUTCOMES[severity])
        section.fail(f"severity {severity} does not allow outcome {outcome}", "outcome", fix=f"use one of {allowed}")
    if channel not in _CHANNELS[outcome]:
        allowed = ", ".join(_CHANNELS[outcome])
        message = f"outcome {outcome} does not go with emission_channel {channel}"
        section.fail(message, "emission_channel", fix=f"use one of {allowed}")
    if outcome is Outcome.DORMANT_SILENT and not fields:
        message = "outcome dormant_silent needs 'normalised_fields': nothing else shows that the rule took effect"
        section.fail(message, "normalised_fields", fix="name the fields whose value changes")
    return ExpectedOutcome(outcome, channel, fields)


def _match(section: Section, engine: str, extra: dict[str, Any]) -> Match:
    _keep(section, ("engine", "fields", "defaults"), extra)
    own = section.text("engine")
    if own != engine:
        section.fail(
            f"'match.engine' is {own!r}, the rule's engine {engine!r}", "engine", fix="use one engine for both"
        )
    fields = section.section("fields")
    if not fields.data:
        fields.fail("'fields' is empty: the rule would trigger on everything", fix="name a field")
    return Match(
        engine=own,
        fields={subject: read_clauses(fields, subject, data) for subject, data in fields.data.items()},
        defaults=section.values("defaults"),
    )


def read_clauses(fields: Section, subject: str, data: Any) -> tuple[Clause, ...]:
    """What stands beside a subject of a predicate: a value, or operators."""
    try:
        parse(subject)
    except ExpressionError as error:
        fields.fail(f"the field {subject!r} is not usable: {error}", subject, fix="write a dotted field")
    if type(data) is not dict or TYPE_KEY in data:
        return (_clause(fields, subject, "==", data, subject),)
    if not data:
        fields.fail(f"the field {subject!r} has no operator", subject, fix="write {operator: value}")
    clauses: dict[str, Clause] = {}
    for name, rhs in data.items():
        if type(name) is not str:
            fields.fail(f"the operator {name!r} is not a string", subject, name, fix="write {operator: value}")
        clause = _clause(fields, subject, name, rhs, subject, name)
        if clause.op in clauses:
            fields.fail(
                f"operator {clause.op!r} is given twice, under two names", subject, name, fix="keep one of them"
            )
        clauses[clause.op] = clause
    return tuple(clauses.values())


def _clause(fields: Section, subject: str, name: str, data: Any, *below: str) -> Clause:
    try:
        clause = Clause(canonical_operator(name), fields.value(data, *below))
        validate_clause(clause)
    except PredicateError as error:
        fields.fail(f"the predicate on {subject!r} cannot be evaluated: {error}", *below, fix="fix the predicate")
    return clause


def _check_references(section: Section, rule: Rule, context: Collection[str]) -> None:
    """An `@` reference must name a field that the rule knows."""
    known = _known_names(rule, context)
    for subject, clauses in rule.match.fields.items():
        parent = subject.rpartition(".")[0]
        for clause in clauses:
            reference = reference_of(clause.rhs)
            if reference is None:
                continue
            for name in parse(reference).fields:
                if not _is_known(name, parent, known):
                    section.fail(
                        f"the reference {clause.rhs!r} of {subject!r} leads to {name!r}, which the rule does not know",
                        *("match", "fields", subject, clause.op),
                        fix="mention the field in match.fields, the example kwargs or match.defaults",
                    )


def _known_names(rule: Rule, context: Collection[str]) -> frozenset[str]:
    """Every path, and the last name of every path, that the rule mentions."""
    names = {*context, *rule.match.defaults}
    for subject in rule.match.fields:
        names.update(parse(subject).fields)
    for kwargs in (rule.kwargs_positive, rule.kwargs_negative):
        names.update(_paths(kwargs))
    return frozenset({*names, *(name.rpartition(".")[2] for name in names)})


def _paths(kwargs: Mapping[str, Any], prefix: str = "") -> list[str]:
    paths = []
    for key, value in kwargs.items():
        paths.append(f"{prefix}{key}")
        if isinstance(value, TypedValue):
            value = value.kwargs
        if isinstance(value, Mapping):
            paths += _paths(value, f"{prefix}{key}.")
    return paths


def _is_known(name: str, parent: str, known: frozenset[str]) -> bool:
    first, _, rest = name.partition(".")
    last = name.rpartition(".")[2]
    return name in known or f"{parent}.{name}" in known or (bool(rest) and (first in known or last in known))


def match_to_data(fields: Mapping[str, tuple[Clause, ...]]) -> dict[str, Any]:
    """`match.fields` in the shortest form: a plain value for a single `==`."""
    return {subject: _clauses_to_data(clauses) for subject, clauses in fields.items()}


def _clauses_to_data(clauses: tuple[Clause, ...]) -> Any:
    if len(clauses) == 1 and clauses[0].op == "==":
        value = value_to_data(clauses[0].rhs)
        if not isinstance(value, Mapping) or TYPE_KEY in value:
            return value
    return {clause.op: value_to_data(clause.rhs) for clause in clauses}


def rule_to_data(rule: Rule) -> dict[str, Any]:
    """Plain data in the fixed key order, without default values."""
    extra = dict(rule.extra)
    match: dict[str, Any] = {"engine": rule.match.engine, "fields": match_to_data(rule.match.fields)}
    if rule.match.defaults:
        match["defaults"] = value_to_data(rule.match.defaults)
    expected: dict[str, Any] = {
        "outcome": str(rule.expected_outcome.outcome),
        "emission_channel": str(rule.expected_outcome.emission_channel),
    }
    if rule.expected_outcome.normalised_fields:
        expected["normalised_fields"] = list(rule.expected_outcome.normalised_fields)
    source = {
        "path": rule.miner_source.path,
        "method": rule.miner_source.method,
        "line_at_scan": rule.miner_source.line_at_scan,
    }
    data: dict[str, Any] = {
        "id": rule.id,
        "engine": rule.engine,
        "library": rule.library,
        "invariant_under_test": rule.invariant_under_test,
        "severity": str(rule.severity),
        "native_type": rule.native_type,
        "miner_source": _with_extra(source, "miner_source", extra),
        "match": _with_extra(match, "match", extra),
        "kwargs_positive": value_to_data(rule.kwargs_positive),
        "kwargs_negative": value_to_data(rule.kwargs_negative),
        **({"world": value_to_data(rule.world)} if rule.world else {}),
        **({"world_negative": value_to_data(rule.world_negative)} if rule.world_negative else {}),
        "expected_outcome": _with_extra(expected, "expected_outcome", extra),
        "message_template": rule.message_template,
    }
    optional: dict[str, Any] = {
        "observed_messages": list(rule.observed_messages),
        "references": list(rule.references),
        "added_by": str(rule.added_by),
        "added_at": rule.added_at,
        "cross_validated_by": [str(word) for word in rule.cross_validated_by],
        "conflict_note": rule.conflict_note,
        "walker_notes": rule.walker_notes,
        "requires_gpu": rule.requires_gpu,
        "hardware_dependent": rule.hardware_dependent,
    }
    data.update({key: value for key, value in optional.items() if value not in (None, False, [])})
    data.update(sorted(extra.items()))
    return data


def _with_extra(part: dict[str, Any], name: str, extra: dict[str, Any]) -> dict[str, Any]:
    prefix = f"{name}."
    for key in sorted(key for key in extra if key.startswith(prefix)):
        part[key.removeprefix(prefix)] = extra.pop(key)
    return part
