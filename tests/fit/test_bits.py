"""Which modules a quantisation leaves as they are, by names of the files that the engine calls otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_llem_invariants.fit.bits import Bits, Kept, quantisation
from pytest_llem_invariants.fit.laws import UnknownSizeError

PACKED = {"qkv_proj": ["k_proj", "q_proj", "v_proj"], "gate_up_proj": ["gate_proj", "up_proj"]}
LAYER = "model.layers.3"


def kept(*names: str, broad: bool = False) -> Kept:
    return Kept(Bits(4, 4, names, is_broad=broad), PACKED, {".self_attn.": ".attn."})


@pytest.mark.parametrize(
    ("names", "module", "said"),
    [
        ([f"{LAYER}.mlp.down_proj"], f"{LAYER}.mlp.down_proj", True),
        ([f"{LAYER}.mlp.down_proj"], "model.layers.33.mlp.down_proj", False),
        (
            [f"model.language_model.layers.3.mlp.{one}_proj" for one in ("gate", "up")],
            f"{LAYER}.mlp.gate_up_proj",
            True,
        ),
        ([f"{LAYER}.mlp.gate_proj"], f"{LAYER}.mlp.gate_up_proj", None),
        ([f"{LAYER}.self_attn.o_proj"], f"{LAYER}.attn.o_proj", True),
        (["model.layers.*.self_attn"], f"{LAYER}.attn.qkv_proj", True),
        (["model.layers.*.self_attn*"], f"{LAYER}.attn.qkv_proj", True),
        (["re:.*mlp.gate_up_proj$"], f"{LAYER}.mlp.gate_up_proj", True),
        (["re:.*[.]gate_proj$", "re:.*[.]up_proj$"], f"{LAYER}.mlp.gate_up_proj", True),
        (["re:model.layers.3..*"], f"{LAYER}.mlp.down_proj", True),
        (["re:("], f"{LAYER}.mlp.down_proj", False),
        ([LAYER], f"{LAYER}.mlp.down_proj", None),
        ([], f"{LAYER}.mlp.down_proj", False),
    ],
)
def test_a_module_is_kept_by_its_name_in_the_files(names: list[str], module: str, said: bool | None) -> None:
    assert kept(*names).keeps(module) is said


def test_where_names_are_looked_for_anywhere_what_is_within_is_kept_too() -> None:
    assert kept("visual", broad=True).keeps("visual.blocks.0.attn.proj") is True


def test_a_name_that_no_module_has_stays_open_but_not_that_of_a_head() -> None:
    unknown, known = kept("model.layers.0.odd", "lm_head"), kept("lm_head", "model.layers.3.mlp.down_proj")
    known.keeps(f"{LAYER}.mlp.down_proj")
    assert unknown.is_open
    assert not known.is_open


@pytest.mark.parametrize(
    ("weights", "bits"),
    [
        ({"num_bits": 4, "type": "float", "group_size": 16}, 4.5),
        ({"num_bits": 4, "type": "int", "group_size": 128, "symmetric": True}, 4.125),
        ({"num_bits": 4, "type": "int", "group_size": 128, "symmetric": False}, 4.15625),
        ({"num_bits": 8, "type": "float", "strategy": "channel", "group_size": None}, 8),
    ],
)
def test_a_group_has_a_scale_and_perhaps_a_zero(weights: dict[str, Any], bits: float) -> None:
    said = {"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": weights}}, "ignore": ["lm_head"]}
    assert quantisation({"quantization_config": said}, None) == Bits(bits, bits, ("lm_head",))


def test_what_takes_hold_of_experts_alone_leaves_the_rest() -> None:
    found = quantisation({"quantization_config": {"quant_method": "mxfp4"}}, None)
    assert found is not None
    assert found.kinds == ("experts",)


@pytest.mark.parametrize(
    ("more", "most"), [({}, 4.5), ({"bnb_4bit_use_double_quant": True}, 4.2), ({"load_in_8bit": True}, 8)]
)
def test_bitsandbytes_keeps_the_greatest_value_of_each_block(more: dict[str, Any], most: float) -> None:
    found = quantisation({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True, **more}}, None)
    assert found is not None
    assert found.most == pytest.approx(most, abs=0.05)


def test_what_no_file_says_of_a_quantisation_has_two_bounds() -> None:
    assert quantisation({}, "gptq_marlin") == Bits(2, 8.75)


def test_weights_without_their_zeros_are_not_counted() -> None:
    groups = {"a": {"weights": {"num_bits": 8}}}
    said = {"quant_method": "compressed-tensors", "config_groups": groups, "sparsity_config": {"format": "sparse-24"}}
    with pytest.raises(UnknownSizeError):
        quantisation({"quantization_config": said}, None)
