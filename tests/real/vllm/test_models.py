"""What the library takes from the config.json of published families is what a reader derives, or it says nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from miners.discovery import models
from miners.discovery.models import discover_models, render_models
from miners.process.progress import Progress
from pytest_llem_invariants.corpus.context import context_to_data
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.worlds.derived import derived
from pytest_llem_invariants.worlds.model_folder import model_facts

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ARCH = "model.arch."
MOST = ("num_attention_heads", "num_key_value_heads", "num_experts", "num_hidden_layers", "max_length")
# As these were published, in what counts here; what they leave out is left out.
PUBLISHED: dict[str, dict[str, Any]] = {
    "Llama-2-7B": {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "max_position_embeddings": 4096,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 32,
        "rope_scaling": None,
        "vocab_size": 32000,
    },
    "Llama-3.1-70B": {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 8192,
        "intermediate_size": 28672,
        "max_position_embeddings": 131072,
        "num_attention_heads": 64,
        "num_hidden_layers": 80,
        "num_key_value_heads": 8,
        "rope_scaling": {
            "factor": 8.0,
            "high_freq_factor": 4.0,
            "low_freq_factor": 1.0,
            "original_max_position_embeddings": 8192,
            "rope_type": "llama3",
        },
        "rope_theta": 500000.0,
        "vocab_size": 128256,
    },
    "old Llama": {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 5120,
        "intermediate_size": 13824,
        "max_sequence_length": 1024,
        "num_attention_heads": 40,
        "num_hidden_layers": 40,
        "vocab_size": 32000,
    },
    "Qwen2.5-7B": {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "max_position_embeddings": 32768,
        "max_window_layers": 28,
        "num_attention_heads": 28,
        "num_hidden_layers": 28,
        "num_key_value_heads": 4,
        "rope_theta": 1000000.0,
        "use_sliding_window": False,
        "vocab_size": 152064,
    },
    "Mistral-7B": {
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "max_position_embeddings": 32768,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 8,
        "sliding_window": 4096,
        "vocab_size": 32000,
    },
    "Mixtral-8x7B": {
        "architectures": ["MixtralForCausalLM"],
        "model_type": "mixtral",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "max_position_embeddings": 32768,
        "num_attention_heads": 32,
        "num_experts_per_tok": 2,
        "num_hidden_layers": 32,
        "num_key_value_heads": 8,
        "num_local_experts": 8,
        "sliding_window": None,
        "vocab_size": 32000,
    },
    "Qwen3-30B-A3B": {
        "architectures": ["Qwen3MoeForCausalLM"],
        "model_type": "qwen3_moe",
        "head_dim": 128,
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "max_position_embeddings": 40960,
        "moe_intermediate_size": 768,
        "num_attention_heads": 32,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 48,
        "num_key_value_heads": 4,
        "vocab_size": 151936,
    },
    "DeepSeek-V2-Lite": {
        "architectures": ["DeepseekV2ForCausalLM"],
        "model_type": "deepseek_v2",
        "first_k_dense_replace": 1,
        "hidden_size": 2048,
        "intermediate_size": 10944,
        "kv_lora_rank": 512,
        "max_position_embeddings": 163840,
        "moe_intermediate_size": 1408,
        "n_routed_experts": 64,
        "n_shared_experts": 2,
        "num_attention_heads": 16,
        "num_experts_per_tok": 6,
        "num_hidden_layers": 27,
        "num_key_value_heads": 16,
        "q_lora_rank": None,
        "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64,
        "rope_scaling": {
            "beta_fast": 32,
            "beta_slow": 1,
            "factor": 40,
            "mscale": 0.707,
            "mscale_all_dim": 0.707,
            "original_max_position_embeddings": 4096,
            "type": "yarn",
        },
        "v_head_dim": 128,
        "vocab_size": 102400,
    },
    "GPT-2 XL": {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "n_ctx": 1024,
        "n_embd": 1600,
        "n_head": 25,
        "n_layer": 48,
        "n_positions": 1024,
        "vocab_size": 50257,
    },
    "Gemma-2-27B": {
        "architectures": ["Gemma2ForCausalLM"],
        "model_type": "gemma2",
        "head_dim": 128,
        "hidden_size": 4608,
        "intermediate_size": 36864,
        "max_position_embeddings": 8192,
        "num_attention_heads": 32,
        "num_hidden_layers": 46,
        "num_key_value_heads": 16,
        "query_pre_attn_scalar": 144,
        "sliding_window": 4096,
        "vocab_size": 256000,
    },
    "Gemma-3-4B": {
        "architectures": ["Gemma3ForConditionalGeneration"],
        "model_type": "gemma3",
        "mm_tokens_per_image": 256,
        "text_config": {
            "hidden_size": 2560,
            "intermediate_size": 10240,
            "model_type": "gemma3_text",
            "num_hidden_layers": 34,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
            "sliding_window": 1024,
        },
    },
    "Phi-2": {
        "architectures": ["PhiForCausalLM"],
        "model_type": "phi",
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "max_position_embeddings": 2048,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 32,
        "partial_rotary_factor": 0.4,
        "rope_scaling": None,
        "vocab_size": 51200,
    },
    "Falcon-40B": {
        "architectures": ["FalconForCausalLM"],
        "model_type": "falcon",
        "hidden_size": 8192,
        "multi_query": True,
        "new_decoder_architecture": True,
        "num_attention_heads": 128,
        "num_hidden_layers": 60,
        "num_kv_heads": 8,
        "parallel_attn": True,
        "vocab_size": 65024,
    },
}
SILENT: dict[str, set[str]] = {
    "Gemma-3-4B": {"max_length"},
    "Falcon-40B": {"num_key_value_heads"},
}
"""What a reader does not tell: a length that rope changes, and what a flag decides."""


def discovered(adapter: EngineAdapter, types: Mapping[str, str]) -> dict[str, Any]:
    """What discovery proves of these types of models; in a process of its own, which it changes."""

    def answer() -> bytes:
        models._types = lambda _: types
        models.discover_architectures = lambda _: {"names": {}}
        return render_models(discover_models(adapter, Progress(quiet=True))).encode()

    data, trouble = in_child(answer, 300, 8 * 1024**3)
    assert trouble is None
    found: dict[str, Any] = json.loads(data)
    return found


@pytest.fixture(scope="module")
def table(adapter: EngineAdapter) -> Mapping[str, Mapping[str, Any]]:
    """What is proven of the types of these models."""
    wanted = {config["model_type"] for config in PUBLISHED.values()}
    types = {name: architecture for name, architecture in models._types(adapter).items() if name in wanted}
    found: Mapping[str, Mapping[str, Any]] = discovered(adapter, types)["model_types"]
    return found


def said_of(adapter: EngineAdapter, folder: Path) -> dict[str, Any]:
    """What the library makes of a folder, with what it needs to look at a model that takes images."""

    def answer() -> bytes:
        with models.apart(adapter):
            return json.dumps(adapter.facts_of(folder)).encode()

    data, trouble = in_child(answer, 120, 8 * 1024**3)
    assert trouble is None
    found: dict[str, Any] = json.loads(data)
    return found


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_derived_is_what_the_library_has(
    adapter: EngineAdapter, table: Mapping[str, Mapping[str, Any]], name: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED[name]))
    declared = context_to_data(adapter.ssot.context)
    read = derived(declared, model_facts(str(tmp_path)), lambda: table)
    found = said_of(adapter, tmp_path)
    assert {fact: found[fact] for fact in read if fact in found} == {fact: read[fact] for fact in read if fact in found}
    assert {fact for fact in MOST if f"{ARCH}{fact}" not in read} == SILENT.get(name, set())


def test_a_quantised_model_is_told_by_its_config(table: Mapping[str, Mapping[str, Any]]) -> None:
    for name in ("llama", "mixtral"):
        assert table[name]["model.arch.quantization"]["keys"][0] == "quantization_config.quant_method"
        assert table[name]["model.arch.quantization"]["default"] is None


def test_the_same_is_found_twice_and_what_does_not_build_is_left_out(
    adapter: EngineAdapter, table: Mapping[str, Mapping[str, Any]]
) -> None:
    found = discovered(adapter, {"gpt2": "GPT2LMHeadModel", "llama": "LlamaForCausalLM", "phi": "NobodyForCausalLM"})
    assert found["model_types"] == {name: table[name] for name in ("gpt2", "llama")}


def test_a_model_of_several_parts_is_read_by_its_text_part(adapter: EngineAdapter) -> None:
    found = discovered(adapter, {"gemma3": "Gemma3ForConditionalGeneration"})["model_types"]["gemma3"]
    assert found["model.arch.num_attention_heads"] == 8
