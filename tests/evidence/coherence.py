"""Rules about rules: what must hold of a corpus as a whole, whatever each rule says.

Every function takes rules and gives the complaints, in words; an empty answer is a clean corpus.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from miners.gate.implied import implied_pairs
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.predicates import CompiledMatch, compile_match
from pytest_llem_invariants.model import EMPTY, Change, Kwargs, Rule, Severity

Normalise = Callable[[str, Kwargs], Mapping[str, Change] | None]
"""What the live library holds in place of the given values, by field; nothing where it refuses the config.

What a change leaves may be refused when it is given back (a dtype where its name is expected): a refusal
is loud, and says nothing about where silent changes end.
"""
_MOST_ROUNDS: Final = 5


def triggered_negatives(
    rules: Iterable[Rule],
    base_kwargs: Mapping[str, Kwargs] = EMPTY,
    context: Mapping[str, Any] = EMPTY,
) -> tuple[str, ...]:
    """Negatives that are meant to be clean, and on which another rule of the class fires.

    A rule that fires on the bare class fires on nearly everything: no negative could be clean of it.
    """
    by_class = _by_class(rules)
    complaints: list[str] = []
    for native_type, members in by_class.items():
        base = base_kwargs.get(native_type, {})
        compiled = {name: fires for name, fires in _compiled(members, context).items() if not fires(base, context)}
        for rule in members:
            config = {**base, **rule.kwargs_negative}
            complaints.extend(
                f"the negative of {rule.id} triggers {name}"
                for name, fires in compiled.items()
                if name != rule.id and fires(config, context)
            )
    return tuple(complaints)


def implied_duplicates(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Error rules with the same message of which one implies the other: the narrower says nothing new."""
    return tuple(f"{rule.id} is implied by {other.id}, with the same message" for rule, other in implied_pairs(rules))


def unsettled_normalisations(rules: Iterable[Rule], normalise: Normalise) -> tuple[str, ...]:
    """Dormant rules whose changes, given back to the library, do not settle."""
    complaints: list[str] = []
    for rule in rules:
        if rule.severity is not Severity.DORMANT or not rule.expected_outcome.normalised_fields:
            continue
        config: Kwargs = rule.kwargs_positive
        for _ in range(_MOST_ROUNDS):
            changes = normalise(rule.native_type, config)
            if changes is None or _same_config(changed := _applied(config, changes), config):
                break
            config = changed
        else:
            complaints.append(f"{rule.id}: the normalised config is normalised again, and again")
    return tuple(complaints)


def order_dependent_normalisations(rules: Iterable[Rule], normalise: Normalise) -> tuple[str, ...]:
    """Pairs of dormant rules on different fields whose changes, one after the other, end differently."""
    dormant = [rule for rule in rules if rule.severity is Severity.DORMANT and rule.expected_outcome.normalised_fields]
    complaints: list[str] = []
    for left, right in itertools.combinations(dormant, 2):
        if left.native_type != right.native_type or not left.kwargs_positive.keys().isdisjoint(right.kwargs_positive):
            continue
        ends = [_end(left, right, normalise), _end(right, left, normalise)]
        if ends[0] is not None and ends[1] is not None and not _same_config(ends[0], ends[1]):
            complaints.append(f"{left.id} and {right.id} end differently in another order")
    return tuple(complaints)


def _end(first: Rule, second: Rule, normalise: Normalise) -> Kwargs | None:
    """Both examples together, after the first rule's changes, then the second's, then all that are left."""
    config: Kwargs | None = {**first.kwargs_positive, **second.kwargs_positive}
    for fields in (first.expected_outcome.normalised_fields, second.expected_outcome.normalised_fields, None):
        config = None if config is None else _settled(first.native_type, config, fields, normalise)
    return config


def _settled(native_type: str, config: Kwargs, fields: Collection[str] | None, normalise: Normalise) -> Kwargs | None:
    """The config after the changes of those fields, or after every change until none is left; nothing if refused."""
    for _ in range(_MOST_ROUNDS):
        found = normalise(native_type, config)
        if found is None:
            return None
        chosen = found if fields is None else {name: change for name, change in found.items() if name in fields}
        changed = _applied(config, chosen)
        if _same_config(changed, config):
            return config
        config = changed
    return config


def _applied(config: Kwargs, changes: Mapping[str, Change]) -> Kwargs:
    return {**config, **{name: change.observed for name, change in changes.items() if name in config}}


def _same_config(left: Kwargs, right: Kwargs) -> bool:
    return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)


def _by_class(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.native_type, []).append(rule)
    return found


def _compiled(rules: Iterable[Rule], context: Mapping[str, Any]) -> dict[str, CompiledMatch]:
    return {rule.id: compile_match(rule.match, context_fields=frozenset(context)) for rule in rules}
