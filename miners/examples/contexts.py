"""Other contexts to try a rule in: few rules depend on any, so what can be changed at once is changed at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_llem_invariants.engines.base import ENV
from pytest_llem_invariants.model import ContextField


def together(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Each context field by itself, but all environment variables at once: there are many of those."""
    names = tuple(names)
    variables = tuple(name for name in names if name.startswith(ENV))
    yield from ((name,) for name in names if name not in variables)
    if variables:
        yield variables


def changed(names: Iterable[str], context: Mapping[str, ContextField]) -> Iterator[Mapping[str, Any]]:
    """The fields at values that are not their default ones, until each had all of its own."""
    others = {name: [value for value in context[name].values if value != context[name].default] for name in names}
    others = {name: values for name, values in others.items() if values}
    for rank in range(max(map(len, others.values()), default=0)):
        yield {name: values[min(rank, len(values) - 1)] for name, values in others.items()}
