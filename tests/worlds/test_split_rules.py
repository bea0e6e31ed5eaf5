"""Blocks and groups against tensor parallelism, on the claims of vLLM's file and what is committed of its layers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from miners.candidates.declared import asked_at_start
from miners.candidates.naming import named
from miners.candidates.rules import Examples, to_rule
from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.checker.layout import LAYERS, MODELS, PROPOSED
from pytest_llem_invariants.corpus.files import SCHEMA_VERSION, render_proposed
from pytest_llem_invariants.corpus.layers_layout import read_layers
from pytest_llem_invariants.model import Corpus, ObservedException
from pytest_llem_invariants.ssot import data_root, load_ssot

DENSE: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 8192,
    "intermediate_size": 29568,
    "max_position_embeddings": 32768,
    "num_attention_heads": 64,
    "num_hidden_layers": 80,
    "num_key_value_heads": 8,
    "torch_dtype": "float16",
    "vocab_size": 152064,
}
BLOCKS = {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True, "version": "gemm"}
WEIGHTS = {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group", "group_size": 128}
GROUPS = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "ignore": ["lm_head"],
    "config_groups": {"group_0": {"targets": ["Linear"], "weights": WEIGHTS}},
}


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """The claims as rules, as if the library had confirmed each of them."""
    folder = tmp_path_factory.mktemp("corpus")
    ssot = load_ssot("vllm")
    entry = ssot.native_types["vllm.EngineArgs"]
    error = ObservedException("ValueError", "is not divisible", raised_at="vllm/layers.py:1")
    guesses = asked_at_start(entry, ssot.version, ssot.context, lambda *asked: error, lambda met: "is not divisible")
    examples = Examples({"tensor_parallel_size": 2}, {"tensor_parallel_size": 1})
    rules = [to_rule(one, examples, engine="vllm", library="vllm", added_at="2026-01-01") for one in guesses]
    corpus = Corpus(SCHEMA_VERSION, "vllm", ssot.version, "2026-01-01T00:00:00+00:00", named(rules, None), ssot.context)
    path: Path = folder / PROPOSED
    path.write_text(render_proposed(corpus).replace('method: ""', "method: create_weights"))
    for name in (MODELS, LAYERS):
        shutil.copy(data_root() / "corpora" / "vllm" / name, folder)
    return Checker.load(corpus=path)


def status(checker: Checker, ranks: int, world: World | None, **more: Any) -> str:
    return checker.check_config({"tensor_parallel_size": ranks, **more}, form="serve", world=world).status


@pytest.mark.parametrize("quantised", [BLOCKS, AWQ, GROUPS])
def test_it_depends_without_the_model_and_is_decided_with_it(
    checker: Checker, tmp_path: Path, quantised: dict[str, Any]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**DENSE, "quantization_config": quantised}))
    world = World(model=str(tmp_path), gpu="H100:8")
    assert status(checker, 8, None) == status(checker, 8, World(gpu="H100:8")) == "depends"
    assert [status(checker, ranks, world) for ranks in (1, 2, 4, 8)] == ["accepted", *["rejected"] * 3]
    assert status(checker, 8, world, hf_overrides={"intermediate_size": 32768}) == "depends"


def test_a_model_whose_lengths_are_whole_blocks_is_taken(checker: Checker, tmp_path: Path) -> None:
    for size, quantised in ((32768, BLOCKS), (29568, None)):
        config = {**DENSE, "intermediate_size": size, **({"quantization_config": quantised} if quantised else {})}
        (tmp_path / "config.json").write_text(json.dumps(config))
        world = World(model=str(tmp_path), gpu="H100:8")
        assert [status(checker, ranks, world) for ranks in (1, 2, 4, 8)] == ["accepted"] * 4


def test_another_version_of_the_library_says_nothing_of_layers_that_were_not_seen_in_it() -> None:
    for path in sorted((data_root() / "corpora" / "vllm").rglob(LAYERS)):
        written = json.loads(path.read_text())
        version = written["engine_version"]
        assert path.parent.name in (version, "vllm"), path
        assert read_layers(path, version)
        assert read_layers(path, f"{version}.1") == {}
