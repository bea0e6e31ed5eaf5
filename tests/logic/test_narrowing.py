"""A narrowed formula holds exactly where the first one does, and says nothing that is said beside it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from miners.logic.formulas import FALSE, TRUE, Formula, Opaque, all_of, any_of, atom, negate
from miners.logic.narrowing import narrowed
from tests.logic.meaning import evaluate
from tests.static.test_logic import CONFIGS, FORMULAS

_FAST = atom("mode", "==", "fast")
_SLOW = atom("mode", "==", "slow")
_OTHER = atom("size", ">", 1)
_MODEL = Opaque("the model is large", "x.py:1", shape="known at run time")


@settings(max_examples=500, deadline=None)
@given(formula=FORMULAS, config=CONFIGS)
def test_it_holds_where_the_formula_holds(formula: Formula, config: dict[str, Any]) -> None:
    assert evaluate(narrowed(formula), config) == evaluate(formula, config)


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        pytest.param(all_of((atom("mode", "present"), any_of((_FAST, atom("mode", "absent"))))), None, id="unset"),
        pytest.param(all_of((_FAST, any_of((_SLOW, _OTHER)))), all_of((_FAST, _OTHER)), id="excluded"),
        pytest.param(all_of((_FAST, any_of((_FAST, _OTHER)))), _FAST, id="said before"),
        pytest.param(any_of((_OTHER, all_of((_FAST, negate(_MODEL))), _MODEL)), None, id="of the model"),
        pytest.param(any_of((_FAST, _SLOW)), atom("mode", "in", ["fast", "slow"]), id="two values"),
        pytest.param(any_of((_MODEL, all_of((negate(_MODEL), _OTHER)))), any_of((_MODEL, _OTHER)), id="else"),
        pytest.param(all_of((_FAST, any_of((all_of((_FAST, _SLOW)), FALSE)))), FALSE, id="never"),
        pytest.param(any_of((_FAST, negate(_FAST))), TRUE, id="always"),
        pytest.param(
            any_of(all_of((atom("mode", "present"), one)) for one in (_FAST, _SLOW)),
            atom("mode", "in", ["fast", "slow"]),
            id="present anyway",
        ),
    ],
)
def test_what_is_said_beside_a_part_is_not_said_in_it(formula: Formula, wanted: Formula | None) -> None:
    assert wanted is None or narrowed(formula) == wanted
    assert len(repr(narrowed(formula))) <= len(repr(formula))


def test_what_lies_beyond_the_most_that_is_read_stays_as_it_is() -> None:
    formula = all_of((_FAST, any_of((_SLOW, _OTHER))))
    assert narrowed(formula, most=0) == formula
