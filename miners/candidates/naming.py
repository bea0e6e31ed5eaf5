"""Names of mined rules: readable, unique, and the same in every run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_llem_invariants.corpus.files import fingerprint
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import plain_value, reference_of
from pytest_llem_invariants.model import Clause, Corpus, Rule, Severity, TypedValue

_LONGEST: Final = 96


def rule_name(engine: str, native_type: str, severity: Severity, fields: Mapping[str, tuple[Clause, ...]]) -> str:
    """The readable name of a predicate, cut to a length that fits on a terminal."""
    class_name = native_type.rpartition(".")[2]
    words = [engine, class_name]
    if severity is not Severity.ERROR:
        words.append(severity.value)
    for subject, clauses in fields.items():
        words.append(subject)
        for clause in clauses:
            operator = OPERATORS[clause.op]
            if not operator.is_modifier:
                words.append(operator.word)
                words.extend(_value_words(clause))
    return _slug("_".join(words))[:_LONGEST].rstrip("_")


def _value_words(clause: Clause) -> Iterable[str]:
    reference = reference_of(clause.rhs)
    if reference is not None:
        return (reference,)
    value = plain_value(clause.rhs)
    if value is True and OPERATORS[clause.op].flags:
        return ()
    return (_value_word(value),)


def _value_word(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "_".join(_value_word(member) for member in value) or "empty"
    if isinstance(value, TypedValue):
        return value.type
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return f"minus_{-value}"
    return "empty" if value == "" else str(value)


def _slug(text: str) -> str:
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9_]+", "_", text.lower())).strip("_")


def unique_name(name: str, taken: Collection[str]) -> str:
    """The name itself, or the first numbered form that is free."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def named(rules: Iterable[Rule], previous: Corpus | None = None) -> tuple[Rule, ...]:
    """The rules under unique names, in the order of the corpus: by class, severity, place and name.

    A constraint that an earlier corpus names keeps that name; another one with the same name gets a number.
    """
    severities = tuple(Severity)
    ordered = sorted(
        rules, key=lambda rule: (rule.native_type, severities.index(rule.severity), rule.id, fingerprint(rule))
    )
    known = {} if previous is None else {rule.id: fingerprint(rule) for rule in previous.rules}
    carried = {rule.id for rule in ordered if rule.id in known and known[rule.id] == fingerprint(rule)}
    taken = set(carried)
    found = []
    for rule in ordered:
        own = rule.id in carried and known[rule.id] == fingerprint(rule)
        name = rule.id if own else unique_name(rule.id, taken)
        taken.add(name)
        found.append(rule if name == rule.id else replace(rule, id=name))
    return tuple(found)
