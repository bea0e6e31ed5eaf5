"""Other contexts in which to try a rule. Few rules depend on any, so several fields change at once where possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_llem_invariants.engines.base import ENV
from pytest_llem_invariants.model import ContextField


def together(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """One group per context field, but one for all environment variables, since there are many."""
    names = tuple(names)
    variables = tuple(name for name in names if name.startswith(ENV))
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
    others = {name: values for name, values in others.items() if values}
    for rank in range(max(map(len, others.values()), default=0)):
        yield {name: values[min(rank, len(values) - 1)] for name, values in others.items()}
