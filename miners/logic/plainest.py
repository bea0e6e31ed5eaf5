"""The plainest cases of a condition that falls apart into too many to say them all.

To multiply out is to forget most of the cases on the way, and what is left may contradict what comes next. Here the
alternatives are chosen one by one instead, each under what the ones before it say, the ones that promise to ask the
least of a config first: a case that is found is a whole one, and by itself enough for the condition to hold.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from miners.logic.formulas import FALSE, And, Atom, Conjunction, Formula, Literal, Or, Truth
from miners.logic.narrowing import Narrowing
from miners.logic.normal_form import simplify, without_implied

_MOST_STEPS: Final = 400
"""So many half-made cases are looked at."""
_MOST_JUNCTIONS: Final = 40_000
OF_ITSELF: Final = 1
THERE: Final = 2
ASKED_FOR: Final = 3
ODD: Final = 6
"""What a clause costs that holds where nothing is given, one that anything given satisfies, one that asks for
something, and one that only a value of another type than the declared ones satisfies."""
_UNSAID: Final = (20, 2, 1)
"""What one costs that cannot be said: first that is worth a long way around, last it may be what holds anyway."""

Cost = Callable[[Atom], int]
_Left = tuple[Or, ...]


@final
@dataclass(frozen=True, slots=True)
class Plainest:
    """Cases of a condition, and whether there are no others."""

    cases: tuple[Conjunction, ...]
    all_of_them: bool


def plainest(formula: Formula, most: int, limit: int, cost: Cost, narrowing: Narrowing | None = None) -> Plainest:
    """All of the cases, where there are no more than the limit; else so many of those that ask least, a few times.

    In each of them what it asks for comes first. A `narrowing` knows what the conditions before this one share with it.
    """
    narrowing = narrowing or Narrowing()
    narrowing.allow(len(_UNSAID) * _MOST_JUNCTIONS)
    far, *nearer = (_Cases(cost, unsaid, narrowing) for unsaid in _UNSAID)
    found = tuple(itertools.islice(far.of(formula), limit + 1))
    if not far.ended:
        found = (*found[:most], *(case for near in nearer for case in itertools.islice(near.of(formula), most)))
    cases = without_implied(tuple(dict.fromkeys(found)))
    ordered = (
        sorted(case, key=lambda literal: isinstance(literal, Atom) and cost(literal) == OF_ITSELF) for case in cases
    )
    return Plainest(tuple(map(tuple, ordered)), far.ended)


@final
class _Cases:
    """One search, of half-made cases the most promising first."""

    def __init__(self, cost: Cost, unsaid: int, narrowing: Narrowing) -> None:
        self._of_atom = cost
        self._unsaid = unsaid
        self._narrowing = narrowing
        self._order = itertools.count(0, -1)
        self._heap: list[tuple[int, int, Conjunction, _Left]] = []
        self._costs: dict[Formula, int] = {}
        self.ended = False
        """Whether no case is left."""

    def of(self, formula: Formula) -> Iterator[Conjunction]:
        self._push((), (formula,))
        for _ in range(_MOST_STEPS):
            if not self._heap:
                break
            _, _, said, left = heapq.heappop(self._heap)
            if not left:
                yield said
                continue
            chosen = min(left, key=_alternatives)
            rest = tuple(one for one in left if one is not chosen)
            for alternative in reversed(chosen.parts):
                self._push(said, (*rest, alternative))
        self.ended = not self._heap

    def _push(self, said: Conjunction, open_: Sequence[Formula]) -> None:
        begun = self._without_choice(said, open_)
        if begun is not None:
            said, left = begun
            cost = sum(map(self._cost, said)) + sum(map(self._cost, left))
            heapq.heappush(self._heap, (cost, next(self._order), said, left))

    def _without_choice(self, said: Conjunction, open_: Sequence[Formula]) -> tuple[Conjunction, _Left] | None:
        """What must hold as far as there is no choice, and the alternatives that are left; None where none are."""
        while True:
            more: list[Literal] = []
            left: dict[Or, None] = {}
            for formula in open_:
                narrowed = self._narrowing.of(formula, said, ())
                for part in narrowed.parts if isinstance(narrowed, And) else (narrowed,):
                    if part == FALSE:
                        return None
                    if isinstance(part, Or):
                        left[part] = None
                    elif not isinstance(part, (Truth, And)):
                        more.append(part)
            if not more:
                return said, tuple(left)
            joined = simplify((*said, *more))
            if joined is None:
                return None
            said, open_ = joined, tuple(left)

    def _cost(self, formula: Formula) -> int:
        """What there is to ask for, at the least."""
        known = self._costs.get(formula)
        if known is None:
            known = self._costs[formula] = self._counted(formula)
        return known

    def _counted(self, formula: Formula) -> int:
        match formula:
            case And(parts=parts):
                return sum(map(self._cost, parts))
            case Or(parts=parts):
                return min(map(self._cost, parts))
            case Atom():
                return self._of_atom(formula)
            case Truth():
                return 0
            case _:
                return self._unsaid


def _alternatives(formula: Or) -> int:
    return len(formula.parts)
