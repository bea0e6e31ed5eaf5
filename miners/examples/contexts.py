"""Other contexts in which to try a rule. Few rules depend on any, so several fields change at once where possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytest_llem_invariants.engines.base import ENV
from pytest_llem_invariants.engines.packages import PACKAGES
from pytest_llem_invariants.model import EMPTY, ContextField


def together(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """One group per context field, but one for all environment variables and packages, since there are many."""
    names = tuple(names)
    variables = tuple(name for name in names if name.startswith((ENV, PACKAGES)))
    yield from ((name,) for name in names if name not in variables)
    if variables:
        yield variables


def beside(names: Iterable[str], context: Mapping[str, ContextField]) -> Iterator[Mapping[str, Any]]:
    """Each field by itself at its other values, then all of them."""
    names = tuple(names)
    for name in names:
        yield from changed((name,), context)
    if len(names) > 1:
        yield from changed(names, context)


def changed(names: Iterable[str], context: Mapping[str, ContextField]) -> Iterator[Mapping[str, Any]]:
    """Assignments of other than default values to these fields, until each value occurred."""
    others = {name: [value for value in context[name].values if value != context[name].default] for name in names}
    yield from _each_once({name: values for name, values in others.items() if values})


def coming(
    world: Mapping[str, Any], names: Iterable[str], comes_with: Mapping[str, Mapping[str, Mapping[str, Sequence[Any]]]]
) -> Iterator[Mapping[str, Any]]:
    """Assignments of what comes with the values that these fields have in a world, until each value occurred.

    `comes_with` says it: field → value, as text → others, each with the values of which it then has one.
    """
    for name in names:
        yield from _each_once(comes_with.get(name, EMPTY).get(str(world.get(name)), EMPTY))


def _each_once(others: Mapping[str, Sequence[Any]]) -> Iterator[Mapping[str, Any]]:
    for rank in range(max(map(len, others.values()), default=0)):
        yield {name: values[min(rank, len(values) - 1)] for name, values in others.items()}


def changed_by_one(
    context: Mapping[str, Any], names: Iterable[str], declared: Mapping[str, ContextField]
) -> Iterator[Mapping[str, Any]]:
    """The context with one of these fields at another of its values, the last field first."""
    for name in reversed(tuple(names)):
        for value in (declared[name].default, *declared[name].values):
            if value != context[name]:
                yield {**context, name: value}
