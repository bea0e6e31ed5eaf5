"""Resolve the field names of a rule, and find the fixed text of a message template."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final

from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.model import Match, Rule

_HOLE: Final = "\0"


def locate_field(rule: Rule | Match, field: str, namespace: str | None = None) -> str:
    """The path of a field from the root of the keyword arguments.

    Other producers prefix fields with the namespace of the native type, or with one that we do not know.
    """
    if namespace and field.startswith(f"{namespace}."):
        return field[len(namespace) + 1 :]
    if "." not in field or isinstance(rule, Match):
        return field
    examples = (rule.kwargs_positive, rule.kwargs_negative)
    first, last = field.partition(".")[0], field.rpartition(".")[2]
    if not any(first in kwargs for kwargs in examples) and any(last in kwargs for kwargs in examples):
        return last
    return field


def field_resolver(rule: Rule, namespace: str | None = None, context: Collection[str] = ()) -> Callable[[str], str]:
    """`locate_field` for every name in the rule's match; `@x` beside `a.y` means `a.x`.

    A name that the rule knows at the root means that field. A fact of the context is outside the config and keeps its
    own name.
    """
    roots = {*rule.kwargs_positive, *rule.kwargs_negative, *rule.match.defaults}
    subjects = {
        name: name if name in context else locate_field(rule, name, namespace)
        for text in rule.match.fields
        for name in parse(text).fields
    }
    roots.update(path.partition(".")[0] for name, path in subjects.items() if name not in context)
    paths = {**subjects, **{name: name for name in context}}
    for text, clauses in rule.match.fields.items():
        first = next((name for name in parse(text).fields if name not in context), "")
        parent = subjects.get(first, "").rpartition(".")[0]
        for clause in clauses:
            reference = reference_of(clause.rhs)
            for name in () if reference is None else parse(reference).fields:
                path = locate_field(rule, name, namespace)
                is_sibling = parent and path.partition(".")[0] not in roots
                paths.setdefault(name, f"{parent}.{path}" if is_sibling else path)
    return lambda name: paths.get(name) or locate_field(rule, name, namespace)


@lru_cache(maxsize=4096)
def template_fragments(template: str) -> tuple[str, ...]:
    """The fixed text of a message template, between its `{…}` holes; `{{` and `}}` are braces."""
    pieces: list[str] = []
    depth = 0
    index = 0
    while index < len(template):
        pair = template[index : index + 2]
        if depth == 0 and pair in ("{{", "}}"):
            pieces.append(pair[0])
            index += 2
            continue
        character = template[index]
        if character == "{":
            if depth == 0:
                pieces.append(_HOLE)
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif depth == 0:
            pieces.append(character)
        index += 1
    return tuple(fragment for fragment in (part.strip() for part in "".join(pieces).split(_HOLE)) if fragment)
