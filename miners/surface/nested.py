"""Mappings for the fields that hold another class of the surface: what people write there, and no type names.

Without one that the library accepts, every mapping that was tried is refused, and that looks like a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from miners.facts import ClassFacts, FieldFact
from miners.values import Surface, class_of
from pytest_llem_invariants.values import holdable

_MOST_GIVEN: Final = 2


def with_nested_examples(surface: Surface) -> Mapping[str, ClassFacts]:
    """The surface, each field that holds one of its classes with a few mappings that build that class."""
    return {name: replace(facts, fields=_with_examples(facts, surface)) for name, facts in surface.items()}


def _with_examples(facts: ClassFacts, surface: Surface) -> dict[str, FieldFact]:
    found = {}
    for name, fact in facts.fields.items():
        inner = class_of(fact, surface)
        found[name] = fact if inner is None else replace(fact, examples=tuple(_mappings(inner)))
    return found


def _mappings(inner: ClassFacts) -> Iterator[dict[str, Any]]:
    """Beside what the class cannot be built without one more field, another, and both, at the values they have anyway.

    Both, because with mappings of one key alone it would be their length that counts.
    """
    needed = {name: value for name, value in inner.base_kwargs.items() if _is_portable(value)}
    if needed:
        yield needed
    given = [
        {fact.keyword: fact.default}
        for name, fact in inner.fields.items()
        if fact.settable and name not in needed and fact.default is not None and holdable(fact.default)
    ]
    for one in given[:_MOST_GIVEN]:
        yield {**needed, **one}
    if len(given) > 1:
        yield {**needed, **given[0], **given[1]}


def _is_portable(value: Any) -> bool:
    """Whether the value means the same elsewhere: a placeholder is filled for the class alone."""
    return holdable(value) and not (isinstance(value, str) and value.startswith("${"))
