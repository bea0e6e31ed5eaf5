"""Each layer of a model says what it thinks of its sizes, without weights, a device or other ranks."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_llem_invariants.engines import vllm_layers
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.tiny_model import model_with

ENGINE = "vllm.EngineArgs"
BLOCKS = {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}
SIZES = {"head_dim": 64, "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 1536}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def said(adapter: EngineAdapter, quantised: dict[str, Any] | None, ranks: int, **sizes: int) -> str | None:
    config: dict[str, Any] = {**SIZES, **sizes, **({"quantization_config": quantised} if quantised else {})}
    with adapter.context({"platform": "cuda"}):
        kwargs = {"model": str(model_with(config)), "dtype": "half", "tensor_parallel_size": ranks}
        built = adapter.build(ENGINE, kwargs)
        try:
            vllm_layers.check_sizes(built)
        except ValueError as error:
            return str(error)
    return None


@pytest.mark.parametrize("quantised", [BLOCKS, AWQ])
def test_what_is_left_of_a_block_or_a_group_is_refused(adapter: EngineAdapter, quantised: dict[str, Any]) -> None:
    for ranks, is_refused in ((1, False), (4, False), (8, True)):
        assert (said(adapter, quantised, ranks) is not None) is is_refused, ranks


def test_a_model_that_is_not_quantised_has_no_blocks(adapter: EngineAdapter) -> None:
    assert said(adapter, None, 8) is None


def test_it_is_asked_in_a_world_that_gives_the_size_of_a_block(adapter: EngineAdapter) -> None:
    world = {
        "platform": "cuda",
        "model.arch.quantization": "fp8",
        "model.config.quantization_config.weight_block_size": [128, 128],
        "model.layers.split_inputs": [256, 384],
    }
    with adapter.context(world):
        for ranks in (1, 2):
            built = adapter.build(ENGINE, {"tensor_parallel_size": ranks})
            if ranks == 1:
                adapter.validate(ENGINE, built, False)
                continue
            with pytest.raises(ValueError, match="is not divisible by weight quantization block_k = 128"):
                adapter.validate(ENGINE, built, False)


def test_what_ranks_split_is_told_of_a_model(adapter: EngineAdapter) -> None:
    config = {"quantization_config": {"quant_method": "fp8", "activation_scheme": "dynamic"}, **SIZES}
    with adapter.context({"platform": "cuda"}):
        built = adapter.build(ENGINE, {"model": str(model_with(config)), "tensor_parallel_size": 2})
        found = set(vllm_layers.split_of(built))
    assert ("model.layers.0.mlp.down_proj", "linear", 1536, True) in found
    assert {size for _, _, size, _ in found} == {1024, 1536}


def test_what_hangs_on_a_package_that_is_not_here_says_nothing() -> None:
    said = "Failed to find a kernel: input features must be divisible by 64; Humming is not installed"
    assert not vllm_layers.speaks_of_sizes(ValueError(said))
    assert vllm_layers.speaks_of_sizes(ValueError(said.partition(";")[0]))
    assert not vllm_layers.speaks_of_sizes(TypeError(said.partition(";")[0]))


def test_no_layer_of_a_group_is_refused_where_another_kernel_may_be_installed(adapter: EngineAdapter) -> None:
    grouped = {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False, "sym": True}
    assert said(adapter, grouped, 8) is None


def test_a_layer_that_asks_for_a_place_on_a_device_is_made_without_one(adapter: EngineAdapter) -> None:
    torch = pytest.importorskip("torch")
    with torch.device("meta"), vllm_layers._without_device(torch):
        assert torch.empty(2, device="cuda").is_meta
        assert torch.empty(2, device=0).is_meta
        assert not torch.tensor([1.0], device="cpu").is_meta
    config = {"model_type": "olmo2", "architectures": ["Olmo2ForCausalLM"], "quantization_config": BLOCKS, **SIZES}
    with adapter.context({"platform": "cuda"}):
        built = adapter.build(ENGINE, {"model": str(model_with(config)), "tensor_parallel_size": 2})
        assert {size for _, _, size, _ in vllm_layers.split_of(built)} >= {1536}
