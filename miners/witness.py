"""Examples for a predicate: the smallest configs that trigger it, and the nearest ones that do not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from miners.candidate import Candidate
from miners.facts import ClassFacts
from miners.search import Search
from miners.values import Surface
from pytest_llem_invariants.model import EMPTY, ContextField, Kwargs

Predicate = Callable[[Kwargs], bool]

_MOST_POSITIVES: Final = 16
"""What none of the simplest configs shows, a further one seldom does: other checks stand before it."""
_MOST_NEGATIVES: Final = 160


@dataclass(frozen=True, slots=True)
class Examples:
    """A positive and a negative, and the context in which both are meant."""

    positive: Kwargs
    negative: Kwargs
    context: Kwargs = field(default_factory=dict)


def find_examples(
    candidate: Candidate,
    facts: ClassFacts,
    *,
    others: Iterable[Predicate] = (),
    surface: Surface = EMPTY,
    context: Mapping[str, ContextField] = EMPTY,
    proves: Predicate | None = None,
    clears: Callable[[Kwargs, Kwargs], bool] | None = None,
    search: Search | None = None,
    most: int = _MOST_POSITIVES,
) -> Examples | None:
    """The smallest kwargs that satisfy the whole predicate, with the nearest that do not and trigger none of `others`.

    The examples that the candidate brings are taken first where they hold. `proves` and `clears`, where given, ask the
    live library whether a positive really shows the effect and a negative beside it does not; without an agreeing pair
    among the first of each (`most` positives) the answer is None. Where no near negative is clean of the others the
    bare class is taken; a negative that triggers another rule is the last resort. `search` is one for this candidate,
    where the caller has it.
    """
    if search is None:
        search = Search(candidate.fields, candidate.defaults, facts, surface=surface, context=context)
    others = tuple(others)
    positives = itertools.chain(filter(search.triggers, candidate.hints), search.positives())
    positive = _first(positives, proves, most)
    if positive is None:
        return None
    known = itertools.filterfalse(search.triggers, candidate.clear if positive in candidate.hints else ())
    clear = None if clears is None else partial(clears, positive)
    bare: tuple[Kwargs, ...] = () if search.triggers({}) else ({},)
    further = itertools.islice(search.further_negatives(positive), _MOST_NEGATIVES) if others else ()
    found = itertools.chain(known, itertools.islice(search.negatives(positive), _MOST_NEGATIVES), bare, further)
    negative = _first_clean(found, others, clear)
    if negative is None:
        return None
    return Examples(positive, negative, search.context)


def _first(found: Iterator[Kwargs], accept: Predicate | None, most: int) -> Kwargs | None:
    for kwargs in itertools.islice(found, most):
        if accept is None or accept(kwargs):
            return kwargs
    return None


def _first_clean(found: Iterable[Kwargs], others: tuple[Predicate, ...], clears: Predicate | None) -> Kwargs | None:
    resort: Kwargs | None = None
    for kwargs in found:
        if clears is not None and not clears(kwargs):
            continue
        if not any(other(kwargs) for other in others):
            return kwargs
        resort = resort if resort is not None else kwargs
    return resort
