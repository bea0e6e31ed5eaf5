"""Choices of several values: simple ones first, bounded, and pruned by what rules out many at once."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from miners.examples.ranked import Ranks, Test, by_rank

SIZES = st.lists(st.integers(1, 4), max_size=4)


def untested(sizes: list[int]) -> list[tuple[()]]:
    return [()] * (len(sizes) + 1)


@given(SIZES)
def test_every_choice_comes_once_in_the_order_of_its_sum(sizes: list[int]) -> None:
    found = list(by_rank(sizes, untested(sizes), itertools.count(1)))
    assert sorted(found) == sorted(itertools.product(*map(range, sizes)))
    assert list(map(sum, found)) == sorted(map(sum, found))


@given(SIZES.filter(bool), st.data())
def test_what_a_test_rules_out_is_left_out_and_nothing_else_moves(sizes: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(sizes)))
    refused = data.draw(st.sets(st.tuples(*(st.integers(0, size - 1) for size in sizes[:place]))))
    tests: list[list[Test]] = [[] for _ in untested(sizes)]
    tests[place].append(lambda ranks: ranks not in refused)
    whole = by_rank(sizes, untested(sizes), itertools.count(1))
    found = list(by_rank(sizes, tests, itertools.count(1)))
    assert found == [ranks for ranks in whole if ranks[:place] not in refused]


def test_a_test_of_a_beginning_rules_out_all_that_begin_so_in_one_step() -> None:
    def even(ranks: Ranks) -> bool:
        return ranks[0] % 2 == 0

    steps = iter(range(60))
    found = list(by_rank([2, 50], [(), (even,), ()], steps))
    assert found == [(0, rank) for rank in range(50)]


def test_nothing_is_chosen_where_no_choice_can_do() -> None:
    steps = iter(range(9))
    assert list(by_rank([3, 3], [(lambda ranks: False,), (), ()], steps)) == []
    assert next(steps) == 0


def test_there_are_no_more_choices_than_steps() -> None:
    assert len(list(by_rank([10, 10], [(), (), ()], iter(range(7))))) == 7
