"""Example values for fields that hold another class of the surface, or a collection of certain words.

Without an accepted example every mapping and list that was tried is rejected, which looks like a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import Surface, class_of
from miners.surface.types import ChoiceType, Group, alternatives
from pytest_llem_invariants.language.values import as_held, distinct, holdable

_MOST_GIVEN: Final = 2
_MAPPINGS: Final = frozenset({"dict", "mapping"})


def with_nested_examples(surface: Surface) -> Mapping[str, ClassFacts]:
    """The surface, where each field has examples: mappings that build its class, collections of its choices."""
    return {name: replace(facts, fields=_with_examples(facts, surface)) for name, facts in surface.items()}


def _with_examples(facts: ClassFacts, surface: Surface) -> dict[str, FieldFact]:
    found = {}
    for name, fact in facts.fields.items():
        inner = class_of(fact, surface)
        of_class = mappings_of(inner) if inner is not None and not fact.whole else ()
        examples = (*fact.whole, *of_class, *_of_choices(fact))
        found[name] = replace(fact, examples=examples) if examples else fact
    return found


def _of_choices(fact: FieldFact) -> Iterator[Any]:
    """The choices, if the field is not a plain choice; collections of the first, of the first two, and of one twice."""
    for one in alternatives(fact.type):
        if isinstance(one, ChoiceType) and fact.literals is None:
            yield from (value for value in one.values if value is not None and holdable(value))
        if isinstance(one, Group) and one.items and not one.fixed:
            choices = [choice.values for choice in alternatives(one.items[-1]) if isinstance(choice, ChoiceType)]
            first = [value for values in choices for value in values if holdable(value)][:_MOST_GIVEN]
            if first and one.name.lower() in _MAPPINGS:
                yield {"x": first[0]}
            elif first:
                yield from distinct([first[:1], first, [*first[:1], *first[:1]]])


def mappings_of(inner: ClassFacts) -> Iterator[dict[str, Any]]:
    """The required fields of the class with one more field, with another, and with both, at their default values.

    Both, because with mappings of one key only, the length would seem to matter.
    """
    needed = {name: value for name, value in inner.base_kwargs.items() if is_portable(value)}
    if needed:
        yield needed
    known = [
        fact
        for name, fact in inner.fields.items()
        if fact.settable and name not in inner.base_kwargs and holdable(as_held(fact.default))
    ]
    given = [{fact.keyword: as_held(fact.default)} for fact in sorted(known, key=lambda fact: fact.default is None)]
    for one in given[:_MOST_GIVEN]:
        yield {**needed, **one}
    if len(given) > 1:
        yield {**needed, **given[0], **given[1]}


def is_portable(value: Any) -> bool:
    """Whether the value means the same elsewhere: no path on this machine, no placeholder of its class alone."""
    return holdable(value) and not (isinstance(value, str) and (value.startswith("${") or Path(value).is_absolute()))
