"""Combine one value from each of several pools, simple values of all pools before odd ones of any.

A value stands for its rank in its pool, and a combination for a tuple of ranks. A test of the first ranks excludes all
combinations that begin with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

Ranks = tuple[int, ...]
Test = Callable[[Ranks], bool]
"""Whether a combination may begin like this."""


_LOOKS_A_STEP: Final = 16


class _NoStepLeftError(Exception):
    pass


def by_rank(sizes: Sequence[int], tests: Sequence[Sequence[Test]], steps: Iterator[object]) -> Iterator[Ranks]:
    """The combinations that pass the tests, by the sum of their ranks, as long as steps are left.

    The first of the `tests` are applied before any rank is chosen, the next ones after the first rank, and so on. A
    combination costs a step, and so does a test that excludes many, and a few looks at earlier beginnings.
    """
    reach = [sum(size - 1 for size in sizes[place:]) for place in range(len(sizes) + 1)]
    ruled_out: set[Ranks] = set()
    open_: dict[Ranks, int] = {}
    """Beginning → how many continuations are left; all if it has no entry."""

    looks = 0

    def step() -> None:
        if next(steps, None) is None:
            raise _NoStepLeftError

    def rule_out(ranks: Ranks) -> None:
        ruled_out.add(ranks)
        if ranks:
            before = ranks[:-1]
            open_[before] = open_.get(before, sizes[len(before)]) - 1
            if open_[before] == 0:
                rule_out(before)

    def beginning(ranks: Ranks, left: int) -> Iterator[Ranks]:
        nonlocal looks
        place = len(ranks)
        if place == len(sizes):
            step()
            yield ranks
            return
        for rank in range(max(0, left - reach[place + 1]), min(sizes[place] - 1, left) + 1):
            begun = (*ranks, rank)
            looks += 1
            if looks % _LOOKS_A_STEP == 0:
                step()
            if begun in ruled_out:
                continue
            for test in tests[place + 1]:
                if not test(begun):
                    step()
                    rule_out(begun)
                    break
            else:
                yield from beginning(begun, left - rank)

    if not all(test(()) for test in tests[0]):
        return
    try:
        for total in range(reach[0] + 1):
            if () in ruled_out:
                return
            yield from beginning((), total)
    except _NoStepLeftError:
        return
