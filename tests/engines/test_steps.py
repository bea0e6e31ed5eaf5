from __future__ import annotations

from typing import Any

from pytest_llem_invariants.engines.steps import run_step, run_steps
from pytest_llem_invariants.native_types import Step


class Request:
    verified: int | None

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


class Held(Request):
    def to_params(self, size: int) -> Any:
        return Params(self, size)


class Params:
    def __init__(self, request: Request, size: int) -> None:
        self.request = request

    def verify(self, most: int) -> None:
        self.request.verified = most


def test_the_result_is_asked_further_where_it_has_the_method_with_all_the_arguments() -> None:
    for kwargs, seen in (({"most": 3}, 3), ({"most": 3, "new": 1}, None)):
        request = Held(verified=None)
        run_step(Step("to_params", {"size": 1}, then=(Step("verify", kwargs), Step("nowhere", {}))), request)
        assert request.verified == seen


def test_an_optional_step_is_left_out_where_the_method_is_not_there() -> None:
    assert run_step(Step("nowhere", {}, optional=True), Request()) is None
