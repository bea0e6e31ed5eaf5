"""The rules of a class in languages that other tools read. What a language cannot say is named, never just dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, final

from pytest_llem_invariants.checker.telling import message_of
from pytest_llem_invariants.corpus.files import field_resolver
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.language.expressions import MISSING, parse
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER, OPERATORS, Operator, UnsayableError
from pytest_llem_invariants.language.operators.length import sized
from pytest_llem_invariants.language.operators.record import Schema
from pytest_llem_invariants.language.predicates import plain_value, reference_of, referenced_fields
from pytest_llem_invariants.language.wording import say_match
from pytest_llem_invariants.model import Clause, Rule, Severity
from pytest_llem_invariants.text.strict import value_to_data


@final
@dataclass(frozen=True, slots=True)
class Unsupported:
    """A rule that was left out, and why."""

    rule_id: str
    reason: str


def json_schema(
    native_type: str,
    rules: Iterable[Rule],
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    accepts_extra: bool = True,
    context: Iterable[str] = (),
) -> tuple[Schema, tuple[Unsupported, ...]]:
    """A JSON Schema (2020-12) that rejects what the rules reject. A rule of several fields becomes a `not`."""
    known_context = frozenset(context)
    forbidden: list[Schema] = []
    unsupported: list[Unsupported] = []
    for rule in rules:
        if rule.severity is not Severity.ERROR:
            continue
        try:
            pattern = _triggering(rule, known_context)
        except UnsayableError as error:
            unsupported.append(Unsupported(rule.id, str(error)))
            continue
        forbidden.append({"not": pattern, "$comment": rule.id, "description": _description(rule)})
    properties = {field: _property(parameter) for field, parameter in (parameters or {}).items()}
    for field in sorted({field for entry in forbidden for field in _roots(entry["not"])} - properties.keys()):
        properties[field] = {}
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": native_type,
        "type": "object",
        "properties": properties,
    }
    if parameters and not accepts_extra:
        schema["additionalProperties"] = False
    if forbidden:
        schema["allOf"] = forbidden
    return schema, tuple(unsupported)


def with_sections(native_type: str, schemas: Mapping[str, Schema], sections: Mapping[str, Mapping[str, str]]) -> Schema:
    """The schema of a class in which a mapping in a field that holds another class must fit that class's schema."""

    def linked(name: str) -> Schema:
        properties = dict(schemas[name]["properties"])
        for field, inner in sections.get(name, {}).items():
            if inner in schemas:
                ways = [{"not": {"type": "object"}}, {"$ref": f"#/$defs/{inner}"}]
                properties[field] = {**properties.get(field, {}), "anyOf": ways}
        return {**schemas[name], "properties": properties}

    inside = {name: linked(name) for name in schemas if name != native_type}
    for schema in inside.values():
        del schema["$schema"]
    return {**linked(native_type), "$defs": inside} if inside else linked(native_type)


def _description(rule: Rule) -> str:
    return f"{message_of(rule) or rule.invariant_under_test} [{rule.miner_source.guard}]"


def _roots(pattern: Schema) -> Iterable[str]:
    for part in pattern.get("allOf", [pattern]):
        yield from part.get("properties", {})
        for option in part.get("anyOf", ()):
            yield from option.get("properties", {})
            yield from option.get("not", {}).get("required", ())


def _property(parameter: Mapping[str, Any]) -> Schema:
    """What an editor shows; the rules do the rejecting."""
    told: Schema = {}
    if parameter.get("description"):
        told["description"] = parameter["description"]
    if parameter.get("default_kind") == "value":
        told["default"] = parameter.get("default")
    if parameter.get("enum"):
        told["examples"] = parameter["enum"]
    if parameter.get("deprecated"):
        told["deprecated"] = True
    return told


def _triggering(rule: Rule, context: frozenset[str]) -> Schema:
    """A schema of the configs that trigger the rule."""
    resolve = field_resolver(rule, context=context)
    facts = [name for name in referenced_fields(rule.match) if name in context]
    if facts:
        raise UnsayableError(f"it depends on something outside the config: {' and '.join(facts)}")
    parts = []
    for subject, clauses in rule.match.fields.items():
        expression = parse(subject)
        if expression.has_each or (not expression.is_field and not subject.startswith("len(")):
            raise UnsayableError(f"it computes {subject}")
        (field,) = expression.fields
        bools = any(clause.op == BOOL_IS_NUMBER for clause in clauses)
        counted = None if expression.is_field else subject
        values = [_values(clause, bools, counted) for clause in clauses if clause.op != BOOL_IS_NUMBER]
        unset = expression.evaluate(lambda name: rule.match.defaults.get(name, MISSING))
        parts.append(_at(resolve(field).split("."), values, _holds(unset, clauses)))
    return parts[0] if len(parts) == 1 else {"allOf": parts}


def _at(path: list[str], values: list[Schema], when_unset: bool) -> Schema:
    """Configs in which the value at a path is one of these, or is unset where that counts as well."""
    inner = values[0] if len(values) == 1 else {"allOf": values}
    given: Schema = inner
    for name in reversed(path):
        given = {"type": "object", "properties": {name: given}, "required": [name]}
    if not when_unset:
        return given
    if len(path) > 1:
        raise UnsayableError("it also triggers where a nested field is left out")
    return {"anyOf": [given, {"type": "object", "not": {"required": path}}]}


def _holds(value: Any, clauses: tuple[Clause, ...]) -> bool:
    if any(clause.op == BOOL_IS_NUMBER for clause in clauses) and isinstance(value, bool):
        value = int(value)
    return all(OPERATORS[clause.op].test(value, plain_value(clause.rhs)) for clause in clauses)


def _values(clause: Clause, bools: bool, counted: str | None) -> Schema:
    """A schema of the values that satisfy one clause."""
    if reference_of(clause.rhs) is not None:
        raise UnsayableError("it compares two fields, or a field with itself")
    rhs = plain_value(clause.rhs)
    operator = OPERATORS[clause.op]
    return operator.schema(value_to_data(rhs), bools) if counted is None else _lengths(operator, rhs, counted)


def _lengths(operator: Operator, rhs: Any, counted: str) -> Schema:
    if not isinstance(rhs, int) or isinstance(rhs, bool):
        raise UnsayableError(f"it compares {counted} with something other than a count")
    low, high = (None, None) if operator.lengths is None else operator.lengths(rhs)
    if low is None or (high is not None and high < 0):
        raise UnsayableError(f"it asks {operator.name} of {counted}")
    return sized(low, high)


def pydantic_source(
    native_type: str,
    rules: Iterable[Rule],
    fields: Iterable[str],
    which: str,
    context: Iterable[str] = (),
    told: str = "",
) -> str:
    """A pydantic model that asks the checker: every rule is in it, whatever its shape. `which` names the checker.

    `told` follows what wrote it.
    """
    if not all(part.isidentifier() and not iskeyword(part) for part in native_type.split(".")):
        raise LlemError(f"no Python class can be called {native_type!r}")
    name = native_type.rpartition(".")[2]
    known_context = frozenset(context)
    known = sorted({*fields, *(root for rule in rules for root in _rule_roots(rule, known_context))})
    lines = [
        f'"""`{native_type}` as the library accepts it. Written by `llem-invariants export`{told}."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
        "from pydantic import BaseModel, ConfigDict, model_validator",
        "",
        "from pytest_llem_invariants import Checker, Verdict, World",
        "",
        f"_CHECKER = Checker.load({which})",
        "",
        "",
        f"class {name}(BaseModel):",
        f'    """Fields of `{native_type}`; a value that the library would reject is a validation error."""',
        "",
        '    model_config = ConfigDict(extra="allow", protected_namespaces=())',
        "",
    ]
    lines.extend(f"    {field}: Any = None" for field in known if field.isidentifier() and not field.startswith("_"))
    lines += [
        "",
        '    @model_validator(mode="after")',
        f"    def _accepted_by_the_library(self) -> {name}:",
        "        verdict = self.verdict()",
        "        if not verdict.ok:",
        '            raise ValueError("; ".join(violation.message for violation in verdict.errors))',
        "        return self",
        "",
        "    def verdict(self, world: World | None = None) -> Verdict:",
        '        """The whole answer, in a world of yours; its `depends` says what else would decide."""',
        f"        return _CHECKER.check({native_type!r}, self.model_dump(exclude_unset=True), world=world)",
        "",
    ]
    return "\n".join(lines)


def _rule_roots(rule: Rule, context: frozenset[str]) -> Iterable[str]:
    resolve = field_resolver(rule, context=context)
    for subject in rule.match.fields:
        for name in parse(subject).fields:
            if name not in context:
                yield resolve(name).partition(".")[0]


def markdown(native_type: str, rules: Iterable[Rule], told: str = "") -> str:
    """A table for a page of documentation, below what is told of it."""
    above = [told, ""] if told else []
    lines = [f"## {native_type}", "", *above, "| when | the library | says | where |", "| --- | --- | --- | --- |"]
    for rule in rules:
        cells = (
            say_match(rule.match),
            {"error": "rejects", "warn": "warns", "dormant": "ignores or changes"}[rule.severity],
            message_of(rule),
            f"`{rule.miner_source.guard}`",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
