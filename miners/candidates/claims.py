"""Find quickly which of many rules claim a config: test a rule only if the config gives an argument that it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, final

from pytest_llem_invariants.language.predicates import CompiledMatch, compile_match, referenced_fields
from pytest_llem_invariants.model import EMPTY, Clause, ContextField, Kwargs, Match, Rule

Predicate = Callable[[Kwargs], bool]


def roots_of(fields: Mapping[str, tuple[Clause, ...]], declared: Collection[str] = ()) -> frozenset[str]:
    """The keyword arguments that clauses read, the whole object for a field inside it; what is declared is no argument.

    `model.arch.num_experts` is a fact, and has nothing to do with an argument `model`.
    """
    names = referenced_fields(Match("", fields))
    return frozenset(name.partition(".")[0] for name in names if name not in declared)


def parts_of(match: Match, declared: Collection[str]) -> Iterator[tuple[CompiledMatch, frozenset[str]]]:
    """One test per subject of a predicate, with the arguments it reads. All of them must hold."""
    for subject, clauses in match.fields.items():
        part = Match(match.engine, {subject: clauses}, match.defaults)
        yield compile_match(part, context_fields=frozenset(declared)), roots_of(part.fields, declared)


def predicate_of(
    match: Match, context: Mapping[str, Any], declared: Mapping[str, ContextField] = EMPTY, base: Kwargs = EMPTY
) -> Predicate:
    """A predicate in a context, for configs that are added to base arguments."""
    holds = compile_match(match, context_fields=declared)
    return (lambda kwargs: holds({**base, **kwargs}, context)) if base else lambda kwargs: holds(kwargs, context)


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of one rule in one context."""

    rule: Rule
    fires: Predicate
    asks_for: frozenset[str] | None
    """Arguments of which every claimed config gives at least one; None where the rule claims the bare class."""


def claim_of(
    rule: Rule, context: Mapping[str, Any], declared: Mapping[str, ContextField] = EMPTY, base: Kwargs = EMPTY
) -> Claim:
    """The claim of a rule in a context, for configs that are added to base arguments."""
    # All parts must hold. A part that is false for the bare class needs an argument that it reads.
    parts = parts_of(rule.match, declared)
    lacking = [roots for holds, roots in parts if not holds(base, context)]
    return Claim(rule, predicate_of(rule.match, context, declared, base), min(lacking, key=len, default=None))


@final
class Claims:
    """The claims of several rules."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._of_nothing: list[Claim] = []
        self._by_argument: dict[str, list[Claim]] = {}
        for claim in claims:
            if claim.asks_for is None:
                self._of_nothing.append(claim)
            else:
                for name in claim.asks_for:
                    self._by_argument.setdefault(name, []).append(claim)

    def on(self, kwargs: Kwargs) -> Iterator[Rule]:
        """The rules that claim a config; the same rule may occur more than once."""
        asked = chain(self._of_nothing, *(self._by_argument.get(name, ()) for name in kwargs))
        return (claim.rule for claim in asked if claim.fires(kwargs))
