"""Words for the fields of a front that another class declares as text: `spec_method` is its `method`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import Surface
from pytest_llem_invariants.language.values import distinct

_MOST: Final = 24


def with_borrowed_words(surface: Surface) -> Mapping[str, ClassFacts]:
    """The surface, where each text field without words gets those of the fields with which its name ends."""
    known: dict[str, list[Any]] = {}
    for facts in surface.values():
        for fact in facts.fields.values():
            known.setdefault(fact.name, []).extend(fact.words)
    return {
        name: replace(facts, fields={key: _with_words(fact, known) for key, fact in facts.fields.items()})
        for name, facts in surface.items()
    }


def _with_words(fact: FieldFact, known: Mapping[str, list[Any]]) -> FieldFact:
    if fact.words or "str" not in fact.types:
        return fact
    words = distinct(word for name in _endings(fact.name) for word in known.get(name, ()))
    return replace(fact, words=words[:_MOST]) if words else fact


def _endings(name: str) -> Iterator[str]:
    """A name, and the rest of it after each underscore."""
    while name:
        yield name
        name = name.partition("_")[2]
