"""Which of many rules claim a config: only those are asked that read one of its arguments, or need none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import final

from pytest_llem_invariants.model import Kwargs, Rule
from pytest_llem_invariants.predicates import referenced_fields

Predicate = Callable[[Kwargs], bool]


def arguments_of(rule: Rule) -> frozenset[str]:
    """The keyword arguments that a rule reads, the whole of an object for a field inside of it."""
    return frozenset(name.partition(".")[0] for name in referenced_fields(rule.match))


@final
class Claims:
    """Rules with their predicates. Without any of the arguments that it reads a rule claims what it claims of none."""

    def __init__(self, rules: Iterable[tuple[Rule, Predicate]]) -> None:
        self._of_nothing: list[tuple[Rule, Predicate]] = []
        self._by_argument: dict[str, list[tuple[Rule, Predicate]]] = {}
        for rule, claims in rules:
            if claims({}):
                self._of_nothing.append((rule, claims))
                continue
            for name in arguments_of(rule):
                self._by_argument.setdefault(name, []).append((rule, claims))

    def on(self, kwargs: Kwargs) -> Iterator[Rule]:
        """The rules that claim a config; one may come more than once."""
        asked = chain(self._of_nothing, *(self._by_argument.get(name, ()) for name in kwargs))
        return (rule for rule, claims in asked if claims(kwargs))
