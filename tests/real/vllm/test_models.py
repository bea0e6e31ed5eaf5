"""What the library takes from the config.json of published families is what a reader derives, or it says nothing."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from miners.discovery.models import _of_type, _types, _warm, discover_models, render_models
from miners.process.progress import Progress
from pytest_llem_invariants.corpus.context import context_to_data
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.base import EngineAdapter
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
SILENT = {"Llama-3.1-70B": {"max_length"}, "DeepSeek-V2-Lite": {"max_length"}, "Falcon-40B": {"num_key_value_heads"}}
"""What a reader does not tell: a length that rope changes, and what a flag decides."""


@pytest.fixture(scope="module")
def adapter() -> EngineAdapter:
    adapter = get_adapter("vllm")
    adapter.import_library()
    return adapter


@pytest.fixture(scope="module")
def table(adapter: EngineAdapter) -> Mapping[str, Mapping[str, Any]]:
    """What discovery proves of the types of these models."""
    facts = {name: field for name, field in adapter.ssot.context.items() if field.found and field.reading}
    types = _types(adapter)
    _warm(adapter, facts)
    names = sorted({config["model_type"] for config in PUBLISHED.values()})
    return {name: _of_type(adapter, facts, name, types[name])["entries"] for name in names}


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_derived_is_what_the_library_has(
    adapter: EngineAdapter, table: Mapping[str, Mapping[str, Any]], name: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED[name]))
    declared = context_to_data(adapter.ssot.context)
    read = derived(declared, model_facts(str(tmp_path)), lambda: table)
    found = adapter.facts_of(tmp_path)
    assert {fact: found[fact] for fact in read if fact in found} == {fact: read[fact] for fact in read if fact in found}
    assert {fact for fact in MOST if f"{ARCH}{fact}" not in read} == SILENT.get(name, set())


def test_a_quantised_model_is_told_by_its_config_where_one_can_be_built(
    table: Mapping[str, Mapping[str, Any]],
) -> None:
    can_be_built = importlib.util.find_spec("compressed_tensors") is not None
    for name in ("llama", "mixtral"):
        assert ("model.arch.quantization" in table[name]) is can_be_built
        assert table[name].get("model.arch.quantization", {"default": None})["default"] is None


def test_the_same_is_found_twice_and_what_does_not_build_is_left_out(
    adapter: EngineAdapter, table: Mapping[str, Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"gpt2": "GPT2LMHeadModel", "llama": "LlamaForCausalLM", "phi": "NobodyForCausalLM"}
    monkeypatch.setattr("miners.discovery.models._types", lambda _: asked)
    found = discover_models(adapter, Progress(quiet=True))
    assert found["model_types"] == {name: dict(sorted(table[name].items())) for name in ("gpt2", "llama")}
    assert json.loads(render_models(found)) == found
