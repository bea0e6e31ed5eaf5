"""Handwritten rules are debt: drop each one as soon as mined rules together claim all that it claims."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from miners.candidates.claims import Predicate
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import EMPTY, ContextField, Rule
from pytest_llem_invariants.replay.contexts import context_of
from pytest_llem_invariants.replay.soundness import boundary_probes


@final
@dataclass(frozen=True, slots=True)
class Inherited:
    """The rules without the handwritten ones that mined rules replace, and the ids of those."""

    rules: tuple[Rule, ...]
    heirs: Mapping[str, tuple[str, ...]]
    """The id of a dropped rule → the ids of the mined rules that replace it."""


def taken_over(
    rules: Sequence[Rule],
    surface: Mapping[str, ClassFacts],
    context: Mapping[str, ContextField] = EMPTY,
    *,
    settled: Collection[str] = (),
    classes: Collection[str] | None = None,
) -> Inherited:
    """Drop the handwritten rules that mined rules fully replace.

    The configs around a rule's boundary decide: the mined rules must claim all of those that the handwritten rule
    claims. An id names a constraint: a mined rule takes it over only if it claims exactly the same and has no id of its
    own yet. `settled` are the ids of mined rules that an earlier corpus has. Where only some `classes` are mined, the
    rules of the others stay.
    """
    mined = [rule for rule in rules if not rule.added_by.is_by_hand]
    names: dict[str, str] = {}
    gone: dict[str, list[Rule]] = {}
    for rule in rules:
        if not rule.added_by.is_by_hand or (classes is not None and rule.native_type not in classes):
            continue
        heirs = _heirs(rule, mined, surface, context)
        if heirs:
            gone[rule.id] = heirs
            only = heirs[0]
            if len(heirs) == 1 and only.id not in settled and alike(rule, only, surface, context):
                names.setdefault(only.id, rule.id)
    return Inherited(
        tuple(replace(rule, id=names[rule.id]) if rule.id in names else rule for rule in rules if rule.id not in gone),
        {name: tuple(names.get(heir.id, heir.id) for heir in heirs) for name, heirs in gone.items()},
    )


def alike(
    rule: Rule, other: Rule, surface: Mapping[str, ClassFacts], context: Mapping[str, ContextField] = EMPTY
) -> bool:
    """Whether two rules of one class agree on every config around the boundary of either."""
    facts = surface[rule.native_type].fields if rule.native_type in surface else EMPTY
    configs = [
        *itertools.chain.from_iterable(boundary_probes(each, facts, context_fields=context) for each in (rule, other))
    ]
    for under in (context_of(rule, context), context_of(other, context)):
        one, another = (_predicate(each, context, under) for each in (rule, other))
        if any(one(kwargs) != another(kwargs) for kwargs in configs):
            return False
    return True


def _heirs(
    rule: Rule, mined: Iterable[Rule], surface: Mapping[str, ClassFacts], context: Mapping[str, ContextField]
) -> list[Rule]:
    """The mined rules that together claim all that this one claims, the one for its own example first."""
    those = [one for one in mined if one.native_type == rule.native_type and one.severity is rule.severity]
    facts = surface[rule.native_type].fields if rule.native_type in surface else EMPTY
    under = context_of(rule, context)
    base = surface[rule.native_type].base_kwargs if rule.native_type in surface else EMPTY  # else it lacks these alone
    fires = _predicate(rule, context, under)
    probes = ({**base, **kwargs} for kwargs in boundary_probes(rule, facts, context_fields=context))
    claimed = [{**base, **rule.kwargs_positive}, *(kwargs for kwargs in probes if fires(kwargs))]
    found: list[Rule] = []
    others = [(one, _predicate(one, context, under)) for one in those]
    for kwargs in claimed:
        heir = next((one for one, claims in others if claims(kwargs)), None)
        if heir is None:
            return []
        if heir not in found:
            found.append(heir)
    return found


def _predicate(rule: Rule, context: Mapping[str, ContextField], under: Mapping[str, Any]) -> Predicate:
    """What a rule claims in a world: one that names nothing but facts claims all of its own."""
    match = compile_match(rule.match, context_fields=context)
    return lambda kwargs: match(kwargs, under)
