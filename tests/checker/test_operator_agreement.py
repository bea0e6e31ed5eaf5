"""The compiled checker and the exported schema say of every operator what its record says, for every kind of value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.checker.export import json_schema
from pytest_llem_invariants.checker.fast import FAST
from pytest_llem_invariants.corpus.names import field_resolver
from pytest_llem_invariants.language.operators import Operator, UnsayableError
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Corpus, Rule
from tests.checker.demo import checker_from, rule
from tests.checker.test_export import accepts
from tests.core.operator_cases import ASKING, VALUES, values_for

each_operator = pytest.mark.parametrize("operator", ASKING, ids=lambda one: one.name)


def rules_of(operator: Operator) -> tuple[Rule, ...]:
    """The operator with each of its right-hand sides, on a field, an element, a key and a length, and on two fields."""
    asked: list[dict[str, dict[str, Any]]] = [
        {subject: {operator.name: example.rhs, **more}}
        for example in operator.examples
        for more in ({}, {"bool_is_number": True})
        for subject in ("a", "each(a)", "n.a", "each(a).x", "number(a)", "a * 2")
    ]
    asked += [{"a": {operator.name: "@b"}}, {"a": {operator.name: "@a"}}, {"each(a)": {operator.name: "@b"}}]
    asked += [{"a": {operator.name: "@b", "bool_is_number": True}}, {"n.a": {operator.name: "@a"}}]
    return tuple(rule(f"r{number}", fields, native_type="lib.Thing") for number, fields in enumerate(asked))


def configs_of(operator: Operator) -> Iterator[dict[str, Any]]:
    yield {}
    rights: tuple[Any, ...] = (None, 0, "a", 0.5, [1], object(), math.nan)
    for value in values_for(operator):
        yield {"a": value}
        yield {"n": {"a": value}, "a": [value, {"x": value}]}
        for right in (*(example.rhs for example in operator.examples), *rights):
            tells_none = operator.accepts(right) and operator.tells_none(right)
            if value is not None or not tells_none:  # no rule asks for the type that a field names
                yield {"a": value, "b": right}
    for right in VALUES:
        yield {"a": [1, "a", None], "b": right, "n": {"a": right}}


def _disagreements(operator: Operator) -> list[tuple[dict[str, Any], str]]:
    asked = rules_of(operator)
    matches = [(one.id, compile_match(one.match, resolve=field_resolver(one))) for one in asked]
    checker: Checker = checker_from(compile_corpus(Corpus("1.1.0", "demo", "1.0", "2026-01-01T00:00:00Z", asked)))
    found = []
    for config in configs_of(operator):
        verdict = checker.check("lib.Thing", config)
        compiled = {violation.rule_id for violation in verdict.violations}
        expected = {identity for identity, holds in matches if holds(config, {})}
        found += [(config, str(asked[int(name[1:])].match.fields)) for name in sorted(compiled ^ expected)]
    return found


@each_operator
def test_the_compiled_checker_answers_as_the_record_does(operator: Operator) -> None:
    assert _disagreements(operator) == []


@each_operator
def test_an_operator_without_code_of_its_own_is_asked_through_its_record(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(FAST, operator.name, raising=False)
    assert _disagreements(operator) == []


@each_operator
def test_a_schema_takes_no_value_that_the_record_does_not(operator: Operator) -> None:
    for example in operator.examples:
        try:
            schema = operator.schema(example.rhs, False)
        except UnsayableError:
            continue
        values = [value for value in values_for(operator) if _is_json(value)]
        assert [v for v in values if accepts(schema, v) and not operator.test(v, example.rhs)] == []
        assert any(accepts(schema, value) for value in values)


@each_operator
def test_an_exported_schema_rejects_no_config_that_the_rule_accepts(operator: Operator) -> None:
    for example in operator.examples:
        one = rule("r", {"a": {operator.name: example.rhs}}, native_type="lib.Thing")
        schema, _ = json_schema("lib.Thing", [one])
        holds = compile_match(one.match)
        configs = [{}, *({"a": value} for value in values_for(operator) if _is_json(value))]
        assert [config for config in configs if not accepts(schema, config) and not holds(config, {})] == []


def _is_json(value: Any) -> bool:
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str, list, dict)
