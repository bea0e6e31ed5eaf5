"""Pages, groups, blocks and lengths. What the library itself says is compared in tests/real/vllm/test_fit.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.fit import cache
from pytest_llem_invariants.fit.cache import FULL, SLIDING, STATE, Spec, Use
from pytest_llem_invariants.fit.laws import UnknownSizeError

LAYER = Spec(FULL, 16, 16 * 2 * 8 * 128 * 2, 8)
WINDOW = Spec(SLIDING, 16, LAYER.page, 8, 1024)
USE = Use(4096, 2048)


def test_one_type_of_layer_is_one_group_of_which_a_block_holds_a_page_of_each() -> None:
    groups = cache.groups_of(dict.fromkeys("abcd", LAYER))
    assert [len(group) for group in groups] == [4]
    assert cache.bytes_of_block(groups) == 4 * LAYER.page
    assert cache.needed(groups, USE) == 4096 // 16 * 4 * LAYER.page


def test_layers_with_a_window_are_groups_of_as_many_as_the_others() -> None:
    specs = {str(at): LAYER if at % 6 == 5 else WINDOW for at in range(12)}
    assert [len(group) for group in cache.groups_of(specs)] == [2] * 6
    assert [len(group) for group in cache.groups_of(specs, hybrid=False)] == [12]


def test_a_page_that_does_not_divide_another_is_padded_and_a_compressed_one_is_not() -> None:
    odd = Spec(SLIDING, 16, 3 * 16 * 100, 1, 512)
    (full,), (window,) = cache.groups_of({"a": LAYER, "b": odd})
    assert (full, window) == ("a", "b")
    with pytest.raises(UnknownSizeError):
        cache.groups_of({"a": LAYER, "b": Spec("mla", 16, 16 * 1152, 1), "c": odd})


def test_a_block_beside_a_state_holds_as_many_tokens_as_its_page_needs() -> None:
    specs, block = cache.aligned({"a": LAYER, "m": Spec(STATE, 1, 10 * LAYER.page + 1)}, LAYER.page // 16, 16, 16)
    assert block == 16 * 11
    assert specs["m"].size == specs["a"].size == block * LAYER.page // 16


@given(st.integers(0, 2**34), st.integers(1, 10**6), st.booleans())
def test_the_longest_request_fits_and_one_token_more_does_not(memory: int, most: int, has_window: bool) -> None:
    groups = cache.groups_of({"a": LAYER, "b": WINDOW if has_window else LAYER})
    found = cache.longest(memory, groups, USE, most)
    left = memory - cache.bytes_of_block(groups)
    assert 0 <= found <= most
    if found:
        assert cache.needed(groups, USE._replace(length=found)) <= left
    if found < most:
        assert cache.needed(groups, USE._replace(length=found + 1)) > left


@given(st.integers(1, 300), st.integers(1, 32))
def test_stages_hold_every_layer_once(layers: int, stages: int) -> None:
    bounds = [cache.stage_bounds(layers, stages, rank) for rank in range(stages)] if layers >= stages else [(0, layers)]
    assert [layer for first, last in bounds for layer in range(first, last)] == list(range(layers))


def test_context_parallelism_shares_the_tokens_of_full_attention() -> None:
    assert cache.blocks_of(LAYER, USE._replace(context_parallel=4)) == 4096 // 4 // 16
    with pytest.raises(UnknownSizeError):
        cache.blocks_of(WINDOW, USE._replace(context_parallel=2))
