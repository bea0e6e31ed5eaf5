"""Examples for a predicate: the smallest configs that trigger it, and the nearest ones that do not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import partial
from typing import Final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Predicate
from miners.candidates.rules import Examples
from miners.examples.search import Search
from miners.examples.space import SearchSpace
from pytest_llem_invariants.model import Kwargs

_MOST_POSITIVES: Final = 16
"""If none of the simplest configs shows the effect, a later one rarely does: earlier checks stop it."""
_MOST_STOPPED: Final = 12
"""If other checks stopped so many, lead past those checks instead of trying more."""
_MOST_NEGATIVES: Final = 160


class Shown(Enum):
    """The library's answer to a config that satisfies a predicate."""

    EFFECT = "effect"
    ANOTHER_CHECK = "another check"
    NOTHING = "nothing"


def find_examples(
    candidate: Candidate,
    space: SearchSpace,
    *,
    others: Iterable[Predicate] = (),
    proves: Callable[[Kwargs], Shown] | None = None,
    clears: Callable[[Kwargs, Kwargs], bool] | None = None,
    search: Search | None = None,
    most: int = _MOST_POSITIVES,
) -> Examples | None:
    """The smallest kwargs that satisfy the whole predicate, with the nearest that do not and trigger none of `others`.

    The candidate's own examples come first if they fit. `proves` and `clears` ask the live library what a positive
    shows and whether a negative does not show it; if no pair agrees among the first `most` positives (fewer if other
    checks stop them), the result is None. If every near negative triggers another rule, the bare class is taken; a
    negative that triggers another rule is the last resort. `search` is the search for this candidate, if the caller has
    one.
    """
    if search is None:
        search = Search(candidate.fields, candidate.defaults, space)
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


def _first(found: Iterator[Kwargs], look: Callable[[Kwargs], Shown] | None, most: int) -> Kwargs | None:
    stopped = 0
    for kwargs in itertools.islice(found, most):
        shown = Shown.EFFECT if look is None else look(kwargs)
        if shown is Shown.EFFECT:
            return kwargs
        stopped += shown is Shown.ANOTHER_CHECK
        if stopped == _MOST_STOPPED:
            break
    return None


def _first_clean(found: Iterable[Kwargs], others: tuple[Predicate, ...], clears: Predicate | None) -> Kwargs | None:
    """The first that no other rule claims, else the first of the rest. `clears` is slow, so it is asked last."""
    unclean: list[Kwargs] = []
    for kwargs in found:
        if any(other(kwargs) for other in others):
            unclean.append(kwargs)
        elif clears is None or clears(kwargs):
            return kwargs
    return next((kwargs for kwargs in unclean if clears is None or clears(kwargs)), None)
