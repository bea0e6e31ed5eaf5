"""What needs a model or a device, in every version of vLLM: undecided without the fact, and decided with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.ssot import load_ssot

VERSIONS = load_ssot("vllm").history
DENSE: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 5120,
    "intermediate_size": 27648,
    "max_position_embeddings": 32768,
    "num_attention_heads": 40,
    "num_hidden_layers": 64,
    "num_key_value_heads": 8,
    "torch_dtype": "bfloat16",
    "vocab_size": 152064,
}
EXPERTS: dict[str, Any] = {
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
    "torch_dtype": "bfloat16",
    "vocab_size": 32000,
}
FOLDERS = {"dense": DENSE, "experts": EXPERTS}
# What is rejected, the world in which it is, and what is not rejected there.
HEADS = (["-tp", "3"], {"model": "dense", "gpu": "H100:8"}, ["-tp", "4"])
LENGTH = (["--max-model-len", "40000"], {"model": "dense", "gpu": "H100:8"}, ["--max-model-len", "32768"])
EXPERT_PARALLEL = (["--enable-expert-parallel"], {"model": "dense", "gpu": "H100:8"}, [])
PARAMS = (["--config-format", "mistral"], {"model": "experts", "gpu": "H100:8"}, ["--config-format", "hf"])
HALF = (["--dtype", "bfloat16"], {"model": "dense", "gpu": "T4:1"}, ["--dtype", "half"])
DEVICES = (["-tp", "8"], {"model": "dense", "gpu": "H100:4"}, ["-tp", "4"])
FP8 = (["--quantization", "fp8", "--dtype", "half"], {"model": "dense", "gpu": "V100:1"}, ["--dtype", "half"])
FIRST = {
    "heads": HEADS,
    "length": LENGTH,
    "expert parallelism": EXPERT_PARALLEL,
    "params.json": PARAMS,
    "bfloat16": HALF,
    "devices": DEVICES,
    "FP8": FP8,
}
SILENT = {
    ("devices", "0.11.0"): "it asks for Ray then, which is no verdict",
    ("expert parallelism", "0.11.0"): "how many experts a model has of which no file says it was not seen there",
    ("FP8", "0.23.0"): "of a method that is given, and not the model's own, no rule was found there",
    ("FP8", "0.27.1"): "of a method that is given, and not the model's own, no rule was found there",
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made = {}
    for name, config in FOLDERS.items():
        folder: Path = tmp_path_factory.mktemp(name)
        (folder / "config.json").write_text(json.dumps(config))
        made[name] = str(folder)
    return made


@pytest.mark.parametrize(
    ("matter", "version"), [(one, version) for one in FIRST for version in VERSIONS if (one, version) not in SILENT]
)
def test_it_depends_without_the_fact_and_is_decided_with_it(matter: str, version: str, folders: dict[str, str]) -> None:
    wrong, given, right = FIRST[matter]
    checker = Checker.load("vllm", version=version)
    world = World(model=folders[given["model"]], gpu=given["gpu"])

    def status(words: list[str], world: World | None = None) -> str:
        return checker.check_command(["vllm", "serve", "m", *words], world=world).status

    assert status(wrong) == "depends"
    assert status(wrong, world) == "rejected"
    assert status(right, world) != "rejected"


def test_experts_are_there_where_the_model_has_some(folders: dict[str, str]) -> None:
    for version in VERSIONS:
        verdict = Checker.load("vllm", version=version).check_command(
            ["vllm", "serve", "m", "--enable-expert-parallel"], world=World(model=folders["experts"], gpu="H100:8")
        )
        assert verdict.status != "rejected", version
