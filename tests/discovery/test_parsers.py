"""An option of a live parser as data that is the same twice."""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from typing import Any

import pytest

from miners.discovery.parsers import _option


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (frozenset({2, 1}), [1, 2]),
        (["b", "a"], ["b", "a"]),
        (("b", "a"), ["b", "a"]),
    ],
)
def test_choices_are_told_in_an_order_that_does_not_change(choices: Any, told: list[Any]) -> None:
    parser = argparse.ArgumentParser()
    action = parser.add_argument("--level", type=type(told[0]), choices=choices)
    live: Any = SimpleNamespace(parser=parser, pairs={})
    assert _option(live, action)["choices"] == told
