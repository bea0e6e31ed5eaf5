"""Rules written by hand are debt: each is dropped as soon as the miners' own say all that it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from miners.facts import ClassFacts
from pytest_llem_invariants.model import EMPTY, AddedBy, ContextField, Kwargs, Rule
from pytest_llem_invariants.predicates import compile_match
from pytest_llem_invariants.replay.contexts import context_of
from pytest_llem_invariants.replay.soundness import boundary_probes

Predicate = Callable[[Kwargs], bool]


def taken_over(
    rules: Sequence[Rule], surface: Mapping[str, ClassFacts], context: Mapping[str, ContextField] = EMPTY
) -> tuple[Rule, ...]:
    """The rules without those written by hand whose claims mined rules make too; the first of these takes the id.

    What a rule claims is told by the configs around its boundary: those that it fires on must all be fired on.
    """
    mined = [rule for rule in rules if rule.added_by is not AddedBy.MANUAL_SEED]
    names: dict[str, str] = {}
    dropped: set[str] = set()
    for rule in rules:
        if rule.added_by is not AddedBy.MANUAL_SEED:
            continue
        heirs = _heirs(rule, mined, surface, context)
        if heirs:
            dropped.add(rule.id)
            names.setdefault(heirs[0].id, rule.id)
    return tuple(
        replace(rule, id=names[rule.id]) if rule.id in names else rule for rule in rules if rule.id not in dropped
    )


def _heirs(
    rule: Rule, mined: Iterable[Rule], surface: Mapping[str, ClassFacts], context: Mapping[str, ContextField]
) -> list[Rule]:
    """The mined rules that together fire wherever this one does, the one for its own example first."""
    alike = [one for one in mined if one.native_type == rule.native_type and one.severity is rule.severity]
    facts = surface[rule.native_type].fields if rule.native_type in surface else EMPTY
    fires = _predicate(rule, context)
    claimed = [rule.kwargs_positive]
    claimed.extend(kwargs for kwargs in boundary_probes(rule, facts, context_fields=context) if fires(kwargs))
    found: list[Rule] = []
    others = [(one, _predicate(one, context)) for one in alike]
    for kwargs in claimed:
        heir = next((one for one, claims in others if claims(kwargs)), None)
        if heir is None:
            return []
        if heir not in found:
            found.append(heir)
    return found


def _predicate(rule: Rule, context: Mapping[str, ContextField]) -> Predicate:
    match, under = compile_match(rule.match, context_fields=context), context_of(rule, context)
    return lambda kwargs: match(kwargs, under)
