"""A class is probed beside facts: what hangs on the world is told with the fact that decides, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.dynamic.worlds import Worlds, probe_worlds
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import ContextField, Kwargs, Match, ObservedException
from tests.dynamic.test_probe import class_of

DECLARED = {
    "platform": ContextField("cpu", ("cpu", "cuda"), assumed=False),
    "env.ALLOW_LONG": ContextField(0, (0, 1)),
    "device.count": ContextField(8, (1, 2, 8, 16), assumed=False),
    "device.capability": ContextField(9.0, (7.5, 8.0, 8.9, 9.0, 10.0), assumed=False),
    "model.arch.heads": ContextField(4, (4, 12, 40, 64), assumed=False),
    "model.arch.experts": ContextField(0, (0, 8, 64), assumed=False),
    "model.arch.length": ContextField(2048, (2048, 8192, 131072), assumed=False),
    "model.arch.quantization": ContextField(None, (None, "awq", "fp8", "gptq"), assumed=False),
    "model.files.params_json": ContextField(False, (False, True), assumed=False),
}
FACTS = class_of(
    tp=1, pp=1, seats=256, max_model_len=None, expert_parallel=False, config_format="auto", quantization=None,
    executor=None, eager=False, trust=False,
)  # fmt: skip
FACTS = replace(
    FACTS,
    fields={
        **FACTS.fields,
        "max_model_len": replace(FACTS.fields["max_model_len"], types=("int",)),
        "quantization": replace(FACTS.fields["quantization"], types=("str",)),
        "executor": replace(FACTS.fields["executor"], types=("str",)),
    },
)
CONSTANTS = {
    "config_format": ("auto", "hf", "mistral"),
    "quantization": ("fp8", "awq", "int8"),
    "executor": ("ray", "mp"),
}
Check = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[int, str] | None]


def asked(check: Check, log: list[tuple[Kwargs, Any]] | None = None) -> Callable[[Kwargs, Any], ObservedException | None]:
    """The library that a check by hand makes, which reads a config and the context it stands in."""

    def raises(kwargs: Kwargs, context: Any) -> ObservedException | None:
        if log is not None:
            log.append((kwargs, context))
        config = {**{name: fact.default for name, fact in FACTS.fields.items()}, **kwargs}
        try:
            found = check(config, context)
        except Exception as error:  # a wrong type trips the validator, as it does in a library
            return ObservedException(type(error).__name__, str(error), raised_at="lib/c.py:99")
        return None if found is None else ObservedException("ValueError", found[1], raised_at=f"lib/c.py:{found[0]}")

    return raises


def probed(check: Check, declared: Mapping[str, ContextField] = DECLARED, **options: Any) -> list[Candidate]:
    raises = asked(check)
    worlds = Worlds(
        raises,
        lambda kwargs, context: raises(kwargs, context) is None,
        declared,
        tuple(declared),
        **options,
    )
    return probe_worlds(FACTS, worlds, budget=20_000, constants=CONSTANTS)


def told(candidates: list[Candidate]) -> list[dict[str, list[tuple[str, Any]]]]:
    return [{k: [(c.op, c.rhs) for c in v] for k, v in one.fields.items()} for one in candidates]


def heads(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if world["model.arch.heads"] % c["tp"]:
        return 3, f"Total number of attention heads ({world['model.arch.heads']}) must be divisible by tp ({c['tp']})."
    return None


def length(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if c["max_model_len"] is not None and c["max_model_len"] > world["model.arch.length"] and not world["env.ALLOW_LONG"]:
        return 5, f"max_model_len ({c['max_model_len']}) is greater than the model's ({world['model.arch.length']})"
    return None


def experts(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if c["expert_parallel"] and world["model.arch.experts"] < 1:
        return 7, "Number of experts in the model must be greater than 0 when expert parallelism is enabled."
    return None


def capability(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if world["platform"] == "cuda" and c["quantization"] == "fp8" and world["device.capability"] < 8.9:
        return 9, "The quantization method fp8 is not supported for the current GPU."
    return None


def world_size(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    size = c["tp"] * c["pp"]
    if world["platform"] == "cuda" and c["executor"] is None and size > world["device.count"]:
        return 11, f"World size ({size}) is larger than the number of available GPUs ({world['device.count']})"
    return None


def params_json(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if c["config_format"] == "mistral" and not world["model.files.params_json"]:
        return 13, "Failed to load mistral 'params.json' config for the model"
    return None


def quantized(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if c["eager"] and world["model.arch.quantization"] in ("awq", "gptq"):
        return 15, "eager mode is not there for such weights"
    return None


CHECKS: Mapping[Check, dict[str, list[tuple[str, Any]]]] = {
    heads: {"model.arch.heads": [("not_divisible_by", "@tp")]},
    length: {"max_model_len": [(">", "@model.arch.length")], "env.ALLOW_LONG": [("==", 0)]},
    experts: {"expert_parallel": [("==", True)], "model.arch.experts": [("<", 1)]},
    capability: {
        "quantization": [("==", "fp8")],
        "platform": [("==", "cuda")],
        "device.capability": [("<", 8.9)],
    },
    world_size: {
        "pp * tp": [(">", "@device.count")],
        "platform": [("==", "cuda")],
        "executor": [("absent", True)],
    },
    params_json: {"config_format": [("==", "mistral")], "model.files.params_json": [("==", False)]},
    quantized: {"eager": [("==", True)], "model.arch.quantization": [("in", ["awq", "gptq"])]},
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_relates_a_field_to_a_fact_is_told(check: Check) -> None:
    assert CHECKS[check] in told(probed(check))


def all_of_them(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    return next((found for check in CHECKS if (found := check(c, world)) is not None), None)


def test_checks_in_a_row_hide_none_of_each_other() -> None:
    found = told(probed(all_of_them))
    assert [one for one in CHECKS.values() if one not in found] == []
