"""The laws of sizes hold in transformers, too: its own models on the meta device hold as much."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miners.memory.confirm import trouble
from pytest_llem_invariants.engines import get_adapter, transformers_memory
from pytest_llem_invariants.fit.store import laws_path
from pytest_llem_invariants.ssot import data_root

SHOWN = {"llama": "LlamaForCausalLM", "qwen3_moe": "Qwen3MoeForCausalLM", "gemma3_text": "Gemma3ForCausalLM"}


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_type_that_is_said_to_be_confirmed_is(name: str) -> None:
    adapter = get_adapter("transformers")
    adapter.import_library()
    told = json.loads(Path(laws_path(str(data_root()), "transformers")).read_text(encoding="utf-8"))
    assert name in told["confirmed"]
    assert trouble(transformers_memory, laws_path(str(data_root()), told["laws"]), name, SHOWN[name]) is None


def test_what_it_caches_otherwise_is_not_confirmed() -> None:
    get_adapter("transformers").import_library()
    path = laws_path(str(data_root()), "vllm")
    assert "mla" in str(trouble(transformers_memory, path, "deepseek_v3", "DeepseekV3ForCausalLM"))
