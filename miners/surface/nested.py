"""Mappings for the fields that hold another class of the surface: what people write there, and no type names.

Without one that the library accepts, every mapping that was tried is refused, and that looks like a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from miners.facts import ClassFacts, FieldFact
from miners.values import Surface, class_of
from pytest_llem_invariants.values import holdable

_MOST: Final = 3


def with_nested_examples(surface: Surface) -> Mapping[str, ClassFacts]:
    """The surface, each field that holds one of its classes with a few mappings that build that class."""
    return {name: replace(facts, fields=_with_examples(facts, surface)) for name, facts in surface.items()}


def _with_examples(facts: ClassFacts, surface: Surface) -> dict[str, FieldFact]:
    found = {}
    for name, fact in facts.fields.items():
        inner = class_of(fact, surface)
        found[name] = fact if inner is None else replace(fact, examples=tuple(islice(_mappings(inner), _MOST)))
    return found


def _mappings(inner: ClassFacts) -> Iterator[dict[str, Any]]:
    """One more field at a time beside what the class cannot be built without, at the values they have anyway."""
    needed = {name: value for name, value in inner.base_kwargs.items() if _is_portable(value)}
    if needed:
        yield needed
    for name, fact in inner.fields.items():
        if fact.settable and name not in needed and fact.default is not None and holdable(fact.default):
            yield {**needed, fact.keyword: fact.default}


def _is_portable(value: Any) -> bool:
    """Whether the value means the same elsewhere: a placeholder is filled for the class alone."""
    return holdable(value) and not (isinstance(value, str) and value.startswith("${"))
