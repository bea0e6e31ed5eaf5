"""A class of many fields that may be asked little: no field is left out, and what a rejection depends on is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from miners.dynamic.probe import probe
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Kwargs, Match, ObservedException

COUNT: Final = 60
BUDGET: Final = 1_500
NUMBERS: Final = {
    f"n{index}": FieldFact(f"n{index}", "int", ("int",), nullable=False, default=0) for index in range(COUNT)
}
FLAGS: Final = {"loose": FieldFact("loose", "bool", ("bool",), nullable=False, default=False)}
FACTS: Final = ClassFacts("lib.Front", "lib:Front", ClassKind.DATACLASS, {**NUMBERS, **FLAGS}, "lib.py", 1)


def raises(kwargs: Kwargs) -> ObservedException | None:
    if any(not isinstance(value, (int, float)) for value in kwargs.values()):
        return ObservedException("TypeError", "numbers alone", raised_at="lib.py:1")
    if kwargs.get("n59", 0) < 0:
        return ObservedException("ValueError", "the last must not be negative", raised_at="lib.py:2")
    if kwargs.get("n57", 0) > 5 and not kwargs.get("loose", False):
        return ObservedException("ValueError", "more than five only where it is loose", raised_at="lib.py:3")
    return None


@pytest.fixture(scope="module")
def asked() -> list[Kwargs]:
    return []


@pytest.fixture(scope="module")
def claims(asked: list[Kwargs]) -> Callable[[Kwargs], bool]:
    def noted(kwargs: Kwargs) -> ObservedException | None:
        asked.append(kwargs)
        return raises(kwargs)

    found = [compile_match(Match("", one.fields, one.defaults)) for one in probe(FACTS, noted, budget=BUDGET)]
    return lambda kwargs: any(one(kwargs, {}) for one in found)


def test_the_last_field_is_asked_too(claims: Callable[[Kwargs], bool]) -> None:
    assert claims({"n59": -1})
    assert claims({"n59": -1024})
    assert not claims({"n59": 0})


def test_the_field_under_which_a_rejection_vanishes_is_found(claims: Callable[[Kwargs], bool]) -> None:
    assert claims({"n57": 6})
    assert not claims({"n57": 5})
    assert not claims({"n57": 6, "loose": True})


def test_it_costs_little_more_than_was_allowed(claims: Callable[[Kwargs], bool], asked: list[Kwargs]) -> None:
    assert len(asked) < 2 * BUDGET


def test_each_field_is_probed_alone_in_one_share() -> None:
    def texts_asked(share: tuple[int, int]) -> set[str]:
        asked: list[Kwargs] = []

        def noted(kwargs: Kwargs) -> ObservedException | None:
            asked.append(kwargs)
            return raises(kwargs)

        list(probe(FACTS, noted, explained=lambda kwargs: noted(kwargs) is not None, budget=4 * BUDGET, share=share))
        return {next(iter(kwargs)) for kwargs in asked if list(kwargs.values()) == ["x"]}

    shares = [texts_asked((turn, 3)) for turn in range(3)]
    assert set().union(*shares) == set(FACTS.fields)
    assert sum(map(len, shares)) == len(FACTS.fields)
