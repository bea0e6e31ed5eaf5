"""The plainest cases of a condition that has too many to list.

Multiplying out forgets most cases on the way, and the remaining ones may contradict what comes next. Here the
alternatives are chosen one by one instead, each given the earlier choices, and those first that ask least of a config.
So each case found is complete, and sufficient for the condition.
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
"""The most incomplete cases to process."""
_MOST_JUNCTIONS: Final = 40_000
OF_ITSELF: Final = 1
THERE: Final = 2
ASKED_FOR: Final = 3
ODD: Final = 6
"""The cost of a clause that holds without a value, that any value satisfies, that asks for certain values, and that
only values of undeclared types satisfy.
"""
_UNSAID: Final = (20, 2, 1)
"""The costs of an opaque literal to try: first high, to avoid it, last low, since it may hold anyway."""

Cost = Callable[[Atom], int]
_Left = tuple[Or, ...]


@final
@dataclass(frozen=True, slots=True)
class Plainest:
    """Cases of a condition, and whether these are all."""

    cases: tuple[Conjunction, ...]
    all_of_them: bool


def plainest(formula: Formula, most: int, limit: int, cost: Cost, narrowing: Narrowing | None = None) -> Plainest:
    """All cases, if there are at most `limit`; else the `most` plainest, for each cost of opaque literals.

    In each case the clauses that ask for certain values come first. `narrowing` is shared with the earlier conditions
    of a class.
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
    """One search over incomplete cases, the most promising first."""

    def __init__(self, cost: Cost, unsaid: int, narrowing: Narrowing) -> None:
        self._of_atom = cost
        self._unsaid = unsaid
        self._narrowing = narrowing
        self._order = itertools.count(0, -1)
        self._heap: list[tuple[int, int, Conjunction, _Left]] = []
        self._costs: dict[Formula, int] = {}
        self.ended = False
        """Whether all cases were found."""

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
        """The literals that must hold, and the remaining alternatives; None if no case is left."""
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
        """The least cost of the alternatives."""
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
