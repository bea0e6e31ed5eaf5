"""The platform and environment in which a rule's examples are replayed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.model import ContextField, Rule

Context = Mapping[str, Any]


def default_context(declared: Mapping[str, ContextField]) -> dict[str, Any]:
    return {name: field.default for name, field in declared.items()}


def contexts_of(names: tuple[str, ...], declared: Mapping[str, ContextField]) -> Iterator[dict[str, Any]]:
    """Every assignment of the named context fields, the defaults first, the unnamed ones at their default."""
    base = default_context(declared)
    choices = [
        (declared[name].default, *(value for value in declared[name].values if value != declared[name].default))
        for name in names
    ]
    for values in product(*choices):
        yield {**base, **dict(zip(names, values, strict=True))}


def world_of(context: Context, declared: Mapping[str, ContextField]) -> dict[str, Any]:
    """What of a context is not the default."""
    return {name: context[name] for name, field in declared.items() if context[name] != field.default}


def context_of(rule: Rule, declared: Mapping[str, ContextField]) -> dict[str, Any]:
    """The world that the rule's examples name.

    Of a rule that names none, the first context in which its positive example triggers its predicate; the default where
    none does.
    """
    if rule.world:
        return {**default_context(declared), **rule.world}
    return _first_of(rule, declared)


def negative_context_of(rule: Rule, declared: Mapping[str, ContextField]) -> dict[str, Any]:
    """The world that the rule's negative example names: that of its positive one unless it has its own."""
    if rule.world_negative:
        return {**default_context(declared), **rule.world_negative}
    return context_of(rule, declared)


def _first_of(rule: Rule, declared: Mapping[str, ContextField]) -> dict[str, Any]:
    names = tuple(name for name in referenced_fields(rule.match) if name in declared)
    if not names:
        return default_context(declared)
    triggers = compile_match(rule.match, context_fields=declared)
    for context in contexts_of(names, declared):
        if triggers(rule.kwargs_positive, context):
            return context
    return default_context(declared)
