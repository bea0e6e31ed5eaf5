"""A class is probed beside facts: what hangs on the world is told with the fact that decides, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from miners.candidates.candidate import Candidate
from miners.dynamic.worlds import Worlds, probe_worlds
from miners.surface.facts import ClassFacts
from miners.surface.types import ChoiceType
from pytest_llem_invariants.model import ContextField, Kwargs, ObservedException
from tests.dynamic.test_probe import class_of

DECLARED = {
    "platform": ContextField("cpu", ("cpu", "cuda"), assumed=False),
    "env.ALLOW_LONG": ContextField(0, (0, 1)),
    "device.count": ContextField(8, (1, 2, 8, 16), assumed=False, type="int"),
    "device.capability": ContextField(9.0, (7.0, 7.5, 8.0, 8.9, 9.0, 10.0), assumed=False, type="float"),
    "model.arch.heads": ContextField(4, (4, 12, 40, 64), assumed=False, type="int"),
    "model.arch.experts": ContextField(0, (0, 8, 64), assumed=False, type="int"),
    "model.arch.length": ContextField(2048, (2048, 8192, 131072), assumed=False, type="int"),
    "model.arch.quantization": ContextField(None, (None, "awq", "fp8", "gptq"), assumed=False, type="str"),
    "model.files.params_json": ContextField(False, (False, True), assumed=False, type="bool"),
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
    "quantization": ("fp8", "awq", "int4", "int8", "marlin"),
    "executor": ("ray", "mp"),
}
Check = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[int, str] | None]


def asked(
    check: Check, log: list[tuple[Kwargs, Any]] | None = None, facts: ClassFacts = FACTS
) -> Callable[[Kwargs, Any], ObservedException | None]:
    """The library that a check by hand makes, which reads a config and the context it stands in."""

    def raises(kwargs: Kwargs, context: Any) -> ObservedException | None:
        if log is not None:
            log.append((kwargs, context))
        config = {**{name: fact.default for name, fact in facts.fields.items()}, **kwargs}
        try:
            found = check(config, context)
        except Exception as error:  # a wrong type trips the validator, as it does in a library
            return ObservedException(type(error).__name__, str(error), raised_at="lib/c.py:99")
        return None if found is None else ObservedException("ValueError", found[1], raised_at=f"lib/c.py:{found[0]}")

    return raises


def probed(
    check: Check, declared: Mapping[str, ContextField] = DECLARED, facts: ClassFacts = FACTS, **options: Any
) -> list[Candidate]:
    raises = asked(check)
    how = {"accepts": lambda kwargs, context: raises(kwargs, context) is None, "names": tuple(declared), **options}
    return probe_worlds(facts, Worlds(raises, declared=declared, **how), budget=20_000, constants=CONSTANTS)


def told(candidates: list[Candidate]) -> list[dict[str, list[tuple[str, Any]]]]:
    return [{k: [(c.op, c.rhs) for c in v] for k, v in one.fields.items()} for one in candidates]


def heads(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if world["model.arch.heads"] % c["tp"]:
        return 3, f"Total number of attention heads ({world['model.arch.heads']}) must be divisible by tp ({c['tp']})."
    return None


def length(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    asked, most = c["max_model_len"], world["model.arch.length"]
    if asked is not None and asked > most and not world["env.ALLOW_LONG"]:
        return 5, f"max_model_len ({asked}) is greater than the model's ({most})"
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


def methods(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if c["quantization"] not in (None, "fp8", "awq", "int4", "int8", "marlin"):
        return 16, f"Unknown quantization method: {c['quantization']}"
    if c["quantization"] in ("int4", "int8") and world["platform"] == "cuda" and world["device.capability"] < 7.5:
        return 17, f"The quantization method {c['quantization']} is not supported for the current GPU."
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
        "executor": [("==", None)],
    },
    params_json: {"config_format": [("==", "mistral")], "model.files.params_json": [("==", False)]},
    methods: {
        "quantization": [("in", ["int4", "int8"])],
        "platform": [("==", "cuda")],
        "device.capability": [("<", 7.5)],
    },
    quantized: {"eager": [("==", True)], "model.arch.quantization": [("in", ["awq", "gptq"])]},
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_relates_a_field_to_a_fact_is_told(check: Check) -> None:
    assert CHECKS[check] in told(probed(check))


LIMITS = {"served.most": ContextField(20, (20, 5, 100, -1), assumed=False, type="int")}
ASKED = class_of(many=0, logged=False)


def many(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    if c["many"] and not c["logged"]:
        return 3, "many asks for logged"
    asked = 2**31 if c["many"] == -1 else c["many"]
    if -1 != world["served.most"] < asked:
        return 5, f"{asked} is more than {world['served.most']}"
    return None


def test_a_value_of_a_fact_that_is_no_limit_is_left_out_and_so_is_one_of_a_field() -> None:
    """And a field that is refused alone is asked beside the switch that it needs."""
    raises = asked(many, facts=ASKED)
    worlds = Worlds(raises, lambda kwargs, context: not raises(kwargs, context), LIMITS, tuple(LIMITS))
    found = told(probe_worlds(ASKED, worlds, budget=20_000))
    needed = ("logged", [("==", True)])
    assert dict([("many", [(">", "@served.most")]), ("served.most", [("!=", -1)]), needed]) in found
    assert any(one.get("many") in ([("==", -1)], [("<", 0)]) and "served.most" in one for one in found)


def test_a_check_that_names_the_one_field_may_ask_the_world_all_the_same() -> None:
    def raises(kwargs: Kwargs, context: Any) -> ObservedException | None:
        is_more = kwargs.get("many", 0) is not True and kwargs.get("many", 0) > context["served.most"]
        return ObservedException("ValueError", "too many", ("many",), "lib/c.py:1") if is_more else None

    limits = {"served.most": replace(LIMITS["served.most"], values=(20, 5, 100))}
    worlds = Worlds(raises, lambda kwargs, context: not raises(kwargs, context), limits, tuple(limits))
    assert {"many": [(">", "@served.most")]} in told(probe_worlds(ASKED, worlds, budget=20_000))


def all_of_them(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
    return next((found for check in CHECKS if (found := check(c, world)) is not None), None)


def test_checks_in_a_row_hide_none_of_each_other() -> None:
    found = told(probed(all_of_them))
    assert [one for one in CHECKS.values() if one not in found] == []


def test_of_two_that_fit_the_one_is_told_that_claims_less_of_what_another_check_rejects() -> None:
    """Only powers of two come to the second check's number: a size that divides it is then one that is less."""

    def size_then_heads(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        if c["tp"] > world["device.count"]:
            return 11, f"World size ({c['tp']}) is larger than the number of available GPUs ({world['device.count']})"
        return heads(c, world)

    found = told(probed(size_then_heads))
    assert {"tp": [(">", "@device.count")]} in found
    assert {"model.arch.heads": [("not_divisible_by", "@tp")]} in found


def test_a_product_is_told_whichever_of_its_factors_is_met_first_and_whatever_else_bounds_it() -> None:
    def size_of_few(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        return world_size(c, world) or heads(c, world)

    raises = asked(size_of_few)
    worlds = Worlds(raises, lambda kwargs, context: raises(kwargs, context) is None, DECLARED, tuple(DECLARED))
    for only in ("tp", "pp"):
        others = {name: fact for name, fact in FACTS.fields.items() if name != only}
        facts = replace(FACTS, fields={only: FACTS.fields[only], **others})
        found = probe_worlds(facts, worlds, budget=20_000, constants=CONSTANTS, share=(0, len(FACTS.fields)))
        assert CHECKS[world_size] in told(found)


def test_a_check_is_met_that_looks_away_where_another_field_is_given() -> None:
    """Whichever field it is: that would be in the same pack."""
    fields = {f"f{number:02}": class_of(n=1).fields["n"] for number in range(32)}
    facts = replace(FACTS, fields={name: replace(fact, name=name) for name, fact in fields.items()})
    for other in sorted(fields.keys() - {"f09"}):

        def raises(kwargs: Kwargs, context: Any, other: str = other) -> ObservedException | None:
            if kwargs.get("f09", 1) <= context["device.count"] or kwargs.get(other, 1) != 1:
                return None
            return ObservedException("ValueError", "there are not so many devices", raised_at="lib/c.py:1")

        declared = {"device.count": replace(DECLARED["device.count"], default=2**40)}
        worlds = Worlds(raises, lambda kwargs, context: not raises(kwargs, context), declared, tuple(declared))
        assert probe_worlds(facts, worlds, budget=20_000), other


def test_a_world_that_changes_nothing_gives_no_candidate() -> None:
    def whatever_the_world(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        return (3, f"there are no more than 512 seats, not {c['seats']}") if c["seats"] > 512 else None

    assert probed(whatever_the_world) == []
    assert probed(lambda c, world: None) == []


def test_a_fact_is_not_told_where_no_other_value_of_it_is_tried() -> None:
    assert probed(heads, names=("platform", "model.arch.experts")) == []
    assert probed(heads, names=()) == []


def test_the_order_of_fields_and_facts_changes_nothing() -> None:
    backwards = dict(reversed(DECLARED.items())), replace(FACTS, fields=dict(reversed(FACTS.fields.items())))
    assert probed(all_of_them) == probed(all_of_them)
    assert probed(all_of_them, *backwards) == probed(all_of_them)


def test_what_a_rule_explains_in_its_world_is_left_alone() -> None:
    def explained(kwargs: Kwargs, context: Any) -> bool:
        return asked(heads)(kwargs, context) is not None

    found = told(probed(all_of_them, explained=explained))
    assert CHECKS[heads] not in found
    assert CHECKS[params_json] in found


def test_of_what_cannot_be_told_nothing_is_concluded() -> None:
    """As of a package that only a platform asks for: what is not accepted there is no counterexample."""

    def accepts(kwargs: Kwargs, context: Any) -> bool:
        return context["platform"] == "cpu" and asked(capability)(kwargs, context) is None

    assert probed(capability, accepts=accepts) == []


def test_the_examples_are_told_with_the_world_that_they_stand_in() -> None:
    (found,) = [one for one in probed(capability) if "device.capability" in one.fields]
    assert found.hints[0] == {"quantization": "fp8"}
    assert found.world["platform"] == "cuda"
    assert found.world["device.capability"] < 8.9
    assert asked(capability)(found.hints[0], {**{name: one.default for name, one in DECLARED.items()}, **found.world})


def test_the_words_of_a_message_are_told_without_what_varies() -> None:
    (found,) = [one for one in probed(heads) if "model.arch.heads" in one.fields]
    assert found.template == "Total number of attention heads {…} must be divisible by tp {…}"


def test_what_a_world_says_in_words_is_left_out_of_a_message_though_it_decides_nothing() -> None:
    def told_of(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        if c["eager"] and world["device.capability"] < 8:
            return 1, f"Your {world['device.name']} GPU is too old for {c['executor'] or 'this'}."
        return None

    name = ContextField("NVIDIA H100", ("NVIDIA H100", "NVIDIA L4"), assumed=False, type="str")
    (found,) = probed(told_of, {**DECLARED, "device.name": name})
    assert found.template == "Your {…} GPU is too old for this."


def test_a_variable_of_the_environment_is_told_where_it_decides_and_no_world_is_made_of_it() -> None:
    log: list[tuple[Kwargs, Any]] = []
    raises = asked(length, log)
    worlds = Worlds(raises, lambda kwargs, context: asked(length)(kwargs, context) is None, DECLARED, tuple(DECLARED))
    assert CHECKS[length] in told(probe_worlds(FACTS, worlds, budget=20_000))
    with_it = [kwargs for kwargs, context in log if context["env.ALLOW_LONG"]]
    assert with_it
    assert all("max_model_len" in kwargs for kwargs in with_it)


def test_a_share_of_the_fields_tells_what_hangs_on_these_and_all_shares_tell_all() -> None:
    raises = asked(all_of_them)
    worlds = Worlds(raises, lambda kwargs, context: raises(kwargs, context) is None, DECLARED, tuple(DECLARED))
    shares = [
        told(probe_worlds(FACTS, worlds, budget=20_000, constants=CONSTANTS, share=(part, 2))) for part in range(2)
    ]
    assert all(shares)
    assert [one for one in CHECKS.values() if one not in (*shares[0], *shares[1])] == []


def test_no_more_is_asked_than_the_budget_allows_and_worlds_are_entered_one_after_the_other() -> None:
    log: list[tuple[Kwargs, Any]] = []
    raises = asked(all_of_them, log)
    worlds = Worlds(raises, lambda kwargs, context: True, DECLARED, tuple(DECLARED))
    probe_worlds(FACTS, worlds, budget=100, constants=CONSTANTS)
    default = {name: one.default for name, one in DECLARED.items()}
    assert sum(context != default for _, context in log) < 400  # what was begun is looked at to its end
    entered = [context for _, context in log]
    switches = sum(one != another for one, another in pairwise(entered))
    assert switches < len(log) / 2


def test_words_that_one_line_refuses_for_different_reasons_are_not_told_as_one() -> None:
    def backends(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        if world["platform"] == "cuda":
            if c["executor"] == "ray" and world["device.capability"] < 8:
                return 20, "ray is not valid: ['compute capability not supported']"
            if c["executor"] == "mp" and not world["model.files.params_json"]:
                return 20, "mp is not valid: ['no params']"
        return None

    found = told(probed(backends))
    assert {"executor": [("==", "ray")], "platform": [("==", "cuda")], "device.capability": [("<", 8)]} in found
    of_files = {"executor": [("==", "mp")], "platform": [("==", "cuda")], "model.files.params_json": [("==", False)]}
    assert of_files in found


def test_what_two_that_the_message_names_would_free_together_is_not_told() -> None:
    def both(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        lacks = [name for name, fine in (("heads", world["model.arch.heads"] == 64), ("eager", c["eager"])) if not fine]
        if world["platform"] == "cuda" and c["executor"] == "ray" and lacks:
            return 20, f"ray is not valid: {', '.join(lacks)} not supported"
        return None

    assert told(probed(both)) == []


def test_what_the_default_model_cannot_show_is_asked_of_one_that_can() -> None:
    """Its few heads are refused before any device is looked at."""

    def few_heads_first(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        if world["platform"] == "cuda" and c["executor"] == "ray":
            if world["model.arch.heads"] < 12:
                return 20, "ray needs more heads"
            if world["device.capability"] < 8:
                return 21, "ray needs another device"
        return None

    found = [one for one in told(probed(few_heads_first)) if "device.capability" in one]
    assert [one["device.capability"] for one in found] == [[("<", 8)]]


def test_of_an_enum_the_names_are_tried_as_well_as_the_values() -> None:
    names = ("FLASH", "TRITON")
    choices = ChoiceType(("lib.Flash", "lib.Triton"), "Backend", names)
    executor = replace(FACTS.fields["executor"], type=choices, types=("Backend",), literals=choices.values)
    facts = replace(FACTS, fields={**FACTS.fields, "executor": executor})

    def by_name(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        if c["executor"] not in (None, *names):
            return 20, f"unknown: {c['executor']}"
        if c["executor"] == "FLASH" and world["platform"] == "cuda" and world["device.capability"] < 8:
            return 21, "compute capability not supported"
        return None

    expected = {"executor": [("==", "FLASH")], "platform": [("==", "cuda")], "device.capability": [("<", 8)]}
    assert expected in told(probed(by_name, facts=facts))


def test_a_list_that_a_world_does_not_take_is_told_like_a_word() -> None:
    executor = replace(FACTS.fields["executor"], types=("list",))
    facts = replace(FACTS, fields={**FACTS.fields, "executor": executor})

    def few_heads_first(c: Mapping[str, Any], world: Mapping[str, Any]) -> tuple[int, str] | None:
        if world["platform"] == "cuda" and c["executor"] == ["ray"]:
            if world["model.arch.heads"] < 12:
                return 20, "ray needs more heads"
            if world["device.capability"] < 8:
                return 21, "ray needs another device"
        return None

    raises = asked(few_heads_first, facts=facts)
    worlds = Worlds(raises, lambda kwargs, context: raises(kwargs, context) is None, DECLARED, tuple(DECLARED))
    found = told(probe_worlds(facts, worlds, budget=20_000, constants={"executor": (["ray"], ["mp"])}))
    assert any("device.capability" in one for one in found)
