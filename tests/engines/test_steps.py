from __future__ import annotations

from typing import Any

from pytest_llem_invariants.engines.steps import run_step, run_steps
from pytest_llem_invariants.native_types import Step


class Request:
    def __init__(self, **held: Any) -> None:
        self.__dict__.update(held)

    def to_params(self, size: int) -> int:
        return size


TAKING = Step("to_params", {"size": 16, "gone_in_this_version": 1}, taken={"size": ("most", "size")})


def test_a_step_takes_the_first_attribute_that_is_not_none_else_what_is_declared() -> None:
    assert run_step(TAKING, Request(most=None, size=3)) == 3
    assert run_step(TAKING, Request(most=0, size=3)) == 0
    assert run_step(TAKING, Request()) == 16


def test_a_step_is_called_at_the_declared_values_alone() -> None:
    step = Step("to_params", {"size": 1}, when={"beam": (False,)})
    assert run_step(step, Request(beam=False)) == 1
    assert run_step(step, Request(beam=True)) is None


def test_a_result_takes_the_place_of_the_object_only_where_it_is_declared() -> None:
    request = Request()
    assert run_steps((Step("to_params", {"size": 2}),), request) is request
    assert run_steps((Step("to_params", {"size": 2}, returns=True),), request) == 2
