"""A guess is offered for a slip of letters, never for another word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.text.likeness import _distance, _within, slip_of

KNOWN = (
    "disable_log_stats",
    "enable_log_requests",
    "enable_prefix_caching",
    "gpu_memory_utilization",
    "max_model_len",
    "max_tokens",
    "min_tokens",
    "temperature",
    "tensor_parallel_size",
    "top_k",
    "top_p",
    "use_v2",
)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("temprature", "temperature"),
        ("max_modle_len", "max_model_len"),
        ("tensor_paralel_size", "tensor_parallel_size"),
        ("gpu_memory_utilisation", "gpu_memory_utilization"),
        ("enable_prefixcaching", "enable_prefix_caching"),
    ],
)
def test_a_slip_is_told(name: str, meant: str) -> None:
    assert slip_of(name, KNOWN) == meant


@pytest.mark.parametrize(
    "name",
    [
        "disable_log_requests",
        "disable_prefix_caching",
        "mid_tokens",
        "top_n",
        "use_v1",
        "swap_space",
        "enable_log_stats",
        "task",
    ],
)
def test_another_word_an_opposite_and_another_number_are_no_slip(name: str) -> None:
    assert slip_of(name, KNOWN) is None


@given(st.sampled_from([name for name in KNOWN if len(name) > 8]), st.data())
def test_two_neighbours_that_are_swapped_are_a_slip(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 3))
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if "_" not in name[at : at + 2] and swapped != name:
        assert slip_of(swapped, KNOWN) == name


_NAMES = st.text(st.sampled_from("abcde_-ÀY"), max_size=12)


@given(_NAMES, st.lists(_NAMES, max_size=8), st.integers(1, 3))
def test_what_is_left_out_before_it_is_counted_is_too_far(name: str, known: list[str], most: int) -> None:
    counted = [(_distance(name.lower(), other.lower(), most), other) for other in known]
    assert _within(name, tuple(known), most) == [(far, other) for far, other in counted if far <= most]
