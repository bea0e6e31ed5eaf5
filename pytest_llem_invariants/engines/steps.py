"""The methods that are called on a built object before it counts as built, or as valid."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pytest_llem_invariants.native_types import Step


def run_steps(steps: tuple[Step, ...], built: Any) -> Any:
    """Call the methods on an object, one after the other; the last result that replaces it."""
    for step in steps:
        result = run_step(step, built)
        if step.returns:
            built = result
    return built


def run_step(step: Step, built: Any) -> Any:
    """What a method returns; None where the object is of those on which it is not called."""
    if step.optional and not _takes(built, step):
        return None
    if any(getattr(built, name, None) not in values for name, values in step.when.items()):
        return None
    method = getattr(built, step.method)
    arguments = {**step.kwargs, **_taken(step, built)} if step.taken else step.kwargs
    if arguments:
        known = _parameters(getattr(method, "__func__", method))
        arguments = {name: value for name, value in arguments.items() if name in known or not known}
    result = method(**arguments)
    for further in step.then:
        if _takes(result, further):
            run_step(further, result)
    return result


def _takes(result: Any, step: Step) -> bool:
    """Whether an object has a method that takes all the arguments of a step."""
    method = getattr(result, step.method, None)
    return method is not None and step.kwargs.keys() <= _parameters(getattr(method, "__func__", method))


def _taken(step: Step, built: Any) -> dict[str, Any]:
    """The arguments that are attributes of the object."""
    found = {}
    for name, attributes in step.taken.items():
        held = (getattr(built, attribute, None) for attribute in attributes)
        value = next((one for one in held if one is not None), None)
        if value is not None:
            found[name] = value
    return found


@lru_cache(maxsize=64)
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    """What a method takes: an argument that only other versions know is left out. Empty if it takes any."""
    parameters = inspect.signature(function).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return frozenset() if takes_any else frozenset(parameters)
