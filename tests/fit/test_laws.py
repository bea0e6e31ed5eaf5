"""Laws of sizes say what their data say, and nothing where a key is missing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.fit.laws import UnknownSizeError, length, stands
from pytest_llem_invariants.fit.models import Sizes

NUMBERS = {"heads": 12, "kv": 2, "dim": 64, "vocab": 1001, "hidden": 768, "kinds": ["full", "sliding"] * 3, "step": 3}


@pytest.mark.parametrize(
    ("law", "ranks", "expected"),
    [
        (7, 4, 7),
        ([[2, "hidden"]], 1, 1536),
        ([[1, "heads/tp", "dim"], [2, "kv/tp", "dim"]], 4, 3 * 64 + 2 * 64),
        ([[1, "vocab^64/tp"]], 2, 512),
        ([[1, "hidden//heads"]], 1, 64),
        ([[3, "heads", "dim", "/tp"]], 4, 576),
        ([[1, "hidden"], [-1]], 1, 767),
    ],
)
def test_a_length_is_a_sum_of_products(law: Any, ranks: int, expected: int) -> None:
    assert length(law, NUMBERS, ranks) == expected


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_rank_has_at_least_one_head(heads: int, ranks: int) -> None:
    assert length([[1, "h/tp"]], {"h": heads}, ranks) == max(1, heads // ranks)


@pytest.mark.parametrize("value", [None, "many", -1, 2**70, True, [1]])
def test_what_is_no_count_gives_no_length(value: Any) -> None:
    with pytest.raises(UnknownSizeError):
        length([[1, "h"]], {"h": value}, 1)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (["all"], [0, 1, 2, 3, 4, 5]),
        (["from", 2], [2, 3, 4, 5]),
        (["below", "kv"], [0, 1]),
        (["last"], [5]),
        (["every", "step", 1, 0], [2, 5]),
        (["not every", "step", 1, 0], [0, 1, 3, 4]),
        (["from every", "step", 0, 0, "kv"], [3]),
        (["named", "kinds", ["full"]], [0, 2, 4]),
        (["first", ["named", "missing", ["full"]], ["below", 1]], [0]),
    ],
)
def test_a_thing_stands_in_the_layers_of_its_law(law: Any, expected: list[int]) -> None:
    assert [layer for layer in range(6) if stands(law, layer, 6, NUMBERS)] == expected


ENTRY: dict[str, Any] = {
    "defaults": {"hidden": 8, "layers": 2, "tied": False, "window": None},
    "fixed": {"kernel": 4},
    "knows": ["hidden", "layers", "kernel", "window"],
    "spoken": ["hidden", "layers", "head_dim", "window"],
    "aliases": {"width": "hidden"},
    "never_null": ["layers"],
    "items": [
        {"n": 1, "shape": [[[1, "hidden"]]], "family": "l.#", "layers": [[1, "layers"]], "at": ["all"]},
        {"n": 2, "shape": [10, [[1, "hidden"]]]},
        {"n": 1, "shape": [10, [[1, "hidden"]]], "added": True},
    ],
    "switches": [{"key": "tied", "is": "true", "adds": [2], "removes": [1]}],
}


def test_nothing_is_said_of_several_devices_where_a_type_was_seen_on_one() -> None:
    with pytest.raises(UnknownSizeError, match="only seen on one device"):
        Sizes(ENTRY, {}).check_ranks(2)


def numbers(config: dict[str, Any]) -> int:
    total = 0
    for part in Sizes(ENTRY, config).tensors(1):
        product = part.item["n"]
        for one in part.sizes:
            product *= one
        total += product
    return total


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, 2 * 8 + 2 * 80),
        ({"tied": True}, 2 * 8 + 80),
        ({"width": 4, "layers": 3}, 3 * 4 + 2 * 40),
        ({"kernel": 4}, 176),
    ],
)
def test_a_type_is_counted_with_its_defaults_settings_and_other_names(config: dict[str, Any], expected: int) -> None:
    assert numbers(config) == expected


@pytest.mark.parametrize("config", [{"kernel": 3}, {"layers": None}, {"head_dim": 4}, {"layers": 10**6}])
def test_nothing_is_said_of_what_was_never_seen(config: dict[str, Any]) -> None:
    with pytest.raises(UnknownSizeError):
        numbers(config)
