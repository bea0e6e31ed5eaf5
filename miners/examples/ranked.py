"""One value of each of several pools: the simple ones of all pools before an odd one of any.

Values stand for their places in their pools, and a choice of values for a tuple of places. A test of the first places
rules out all choices that begin with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

Ranks = tuple[int, ...]
Test = Callable[[Ranks], bool]
"""Whether a choice may begin so."""


_LOOKS_A_STEP: Final = 16


class _NoStepLeftError(Exception):
    pass


def by_rank(sizes: Sequence[int], tests: Sequence[Sequence[Test]], steps: Iterator[object]) -> Iterator[Ranks]:
    """The choices that pass the tests, in the order of the sum of their places, for as long as there are steps.

    The first of the `tests` are asked before any place is chosen, the next ones after the first place, and so on. A
    choice takes a step, and so does what rules out many, and so do a few looks at what was begun before.
    """
    reach = [sum(size - 1 for size in sizes[place:]) for place in range(len(sizes) + 1)]
    ruled_out: set[Ranks] = set()
    open_: dict[Ranks, int] = {}
    """Of a beginning, how many ways to go on are left; all of them where nothing is said."""

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
