"""Predicates in words: the one place for sentences that say when a rule triggers."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Final

from pytest_llem_invariants.language.expressions import is_each, opens_elements, owner_of
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER, OPERATORS
from pytest_llem_invariants.language.predicates import plain_value, reference_of
from pytest_llem_invariants.model import Clause, Match, Severity, TypedValue

_LONGEST_VALUE: Final = 60
_OF_NAN: Final = "0 / "
"""Only for nan it is not 0."""
_VERBS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "rejects",
    Severity.WARN: "warns about",
    Severity.DORMANT: "ignores or changes",
}


def say_value(value: Any) -> str:
    """A value as people write it in a config, shortened."""
    if isinstance(value, TypedValue):
        inside = ", ".join(f"{key}={say_value(inner)}" for key, inner in value.kwargs.items())
        return f"{value.type.rpartition('.')[2]}({inside})"
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def say_clause(clause: Clause, subject: str = "") -> str:
    """The condition of one clause, without its subject."""
    record = OPERATORS[clause.op]
    reference = reference_of(clause.rhs)
    if reference is not None:
        return "is nan" if reference == subject and clause.op == "!=" else record.phrase.format(reference)
    rhs = plain_value(clause.rhs)
    if isinstance(rhs, bool) and rhs in record.flags:
        return record.flags[rhs]
    return record.phrase.format(say_rhs(clause.op, rhs))


def say_rhs(op: str, rhs: Any) -> str:
    """The right-hand side of an operator in words."""
    return (OPERATORS[op].words or say_value)(rhs)


def say_subject(subject: str, some: str = "some") -> str:
    """The subject of a clause in words; for elements, with `some`."""
    if opens_elements(subject):
        return _say_element(subject, some)
    return f"the number in {subject[7:-1]}" if is_read_as_number(subject) else subject


def _say_element(subject: str, some: str) -> str:
    node = ast.parse(subject, mode="eval").body
    if not isinstance(node, ast.Attribute) and not is_each(node):
        return subject
    opened, key = owner_of(node)
    assert opened is not None
    match opened.args[0]:
        case ast.Call(func=ast.Name(id="steps"), args=[inner]):
            element = f"{some} step in {ast.unparse(inner)}"
        case collection:
            element = f"{some} element of {ast.unparse(collection)}"
    return f"{key} of {element}" if key else element


def is_read_as_number(subject: str) -> bool:
    """Whether a subject is just the number in a field."""
    return subject.startswith("number(") and subject[7:-1].replace(".", "_").isidentifier()


def say_match(match: Match) -> str:
    """When a rule triggers: `temperature is above 2 and do_sample is false`."""
    parts = []
    for subject, clauses in match.fields.items():
        if subject.startswith(_OF_NAN) and clauses == (Clause("!=", 0),):
            parts.append(f"{say_subject(subject.removeprefix(_OF_NAN))} is nan")
            continue
        spoken = [say_clause(clause, subject) for clause in clauses if clause.op != BOOL_IS_NUMBER]
        name = say_subject(subject)
        parts.append(f"{name} {' and '.join(spoken)}" if spoken else name)
    return " and ".join(parts)


def say_rule(native_type: str, severity: Severity, match: Match) -> str:
    """One sentence for people: what the class does, and when."""
    return f"{native_type.rpartition('.')[2]} {_VERBS[severity]} a config where {say_match(match)}"
