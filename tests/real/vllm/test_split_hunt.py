"""Random models, quantisations, ranks and GPUs: most of what layers say of their sizes is told, nothing falsely."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from miners.discovery import models
from miners.discovery.model_facts import text_path
from miners.memory.draws import written
from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.corpus.layers_layout import read_layers
from pytest_llem_invariants.engines import vllm_layers
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.tiny_model import model_like
from pytest_llem_invariants.ssot import data_root

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ENGINE = "vllm.EngineArgs"
CONFIGS = 160
LEAST_TOLD = 0.75
WEIGHTS: Mapping[str, Any] = {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group", "dynamic": False}
PACKED: Mapping[str, Any] = {"quant_method": "compressed-tensors", "format": "pack-quantized", "ignore": ["lm_head"]}
QUANTISED: tuple[Mapping[str, Any], ...] = (
    {"quant_method": "fp8", "activation_scheme": "dynamic"},
    {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]},
    {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [64, 64]},
    {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True},
    {"quant_method": "awq", "bits": 4, "group_size": 64, "zero_point": True},
    {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False, "sym": True},
    {**PACKED, "config_groups": {"group_0": {"targets": ["Linear"], "weights": {**WEIGHTS, "group_size": 128}}}},
    {"quant_method": "modelopt", "quant_algo": "NVFP4", "group_size": 16, "ignore": ["lm_head"]},
    {"quant_method": "mxfp4"},
)
GPUS = ("H100:8", "A100-40GB:8", "L4:8")
RANKS = (1, 2, 4, 8)
LAYERS = 2


def config_of(whole: Mapping[str, Any], source: random.Random) -> dict[str, Any]:
    """A model of few layers, with sizes as people choose them and as nobody would."""
    heads = source.choice((4, 8, 12, 16, 24, 28, 32, 40, 64))
    sizes = {
        "hidden_size": heads * source.choice((64, 128)),
        "num_attention_heads": heads,
        "num_key_value_heads": source.choice([some for some in (1, 2, 4, 8, heads) if heads % some == 0]),
        "head_dim": source.choice((64, 80, 96, 128)),
        "intermediate_size": source.choice((1, 2, 3, 5, 7, 11, 24, 74, 148)) * source.choice((64, 128, 256)),
        "moe_intermediate_size": source.choice((1, 3, 4, 6, 7, 11)) * source.choice((64, 128, 256)),
        "shared_expert_intermediate_size": source.choice((1, 3, 4, 11)) * source.choice((64, 128, 512)),
        "n_shared_experts": source.choice((1, 2)),
    }
    config: dict[str, Any] = json.loads(json.dumps(whole))
    config.update((name, size) for name, size in sizes.items() if type(config.get(name)) is int)
    if type(config.get("kv_lora_rank")) is int:
        config["num_key_value_heads"] = heads
    for name, value in config.items():
        if isinstance(value, list) and len(value) == whole.get("num_hidden_layers"):
            config[name] = value[:LAYERS]
    if "num_hidden_layers" in config:
        config["num_hidden_layers"] = LAYERS
    return {**config, "quantization_config": source.choice(QUANTISED)}


def wholes(adapter: EngineAdapter) -> dict[str, dict[str, Any]]:
    """The default config of each type of which it is known what ranks split, and that speaks of text alone."""
    version = adapter.import_library()
    declared = adapter.ssot.adapter
    known = read_layers(data_root() / "corpora" / "vllm" / "layers.discovered.json", version)
    found = {}
    for name, facts in sorted(known.items()):
        whole = models._forms(name, next(iter(facts.values()))["architecture"]).whole
        beside = {**declared["memory"]["written"].get(name, {}), **declared["layers"]["written"].get(name, {})}
        if not text_path(whole):
            found[name] = written(whole, whole, beside)
    return found


def said(adapter: EngineAdapter, world: World, kwargs: dict[str, Any]) -> str | None:
    """What the library's layers say of their sizes; None where it takes them, or refuses for another reason."""
    declared = {name: {"values": one.values} for name, one in adapter.ssot.context.items()}
    machine = world.context({name: of for name, of in declared.items() if name.startswith(("device.", "platform"))})
    with adapter.context({name: value for name, value in machine.items() if value is not None}):
        try:
            vllm_layers.made(adapter.build(ENGINE, kwargs))
        except Exception as error:
            return str(error) if vllm_layers.speaks_of_sizes(error) else f"other: {type(error).__name__}"
    return None


def test_most_of_what_layers_say_of_sizes_is_told_and_nothing_falsely(adapter: EngineAdapter) -> None:
    checker, types = Checker.load("vllm", root=data_root()), wholes(adapter)
    told: Counter[tuple[str, bool]] = Counter()
    false = []
    for number in range(CONFIGS):
        source = random.Random(f"hunt/{number}")
        name = source.choice(sorted(types))
        folder, gpu = str(model_like(config_of(types[name], source))), source.choice(GPUS)
        kwargs = {"model": folder, "tensor_parallel_size": source.choice(RANKS)}
        answer = said(adapter, World(gpu=gpu), kwargs)
        rejected = not checker.check_config(kwargs, form="llm", world=World(model=folder, gpu=gpu)).ok
        kind = "taken" if answer is None else "other" if answer.startswith("other") else "sizes"
        told[kind, rejected] += 1
        if answer is None and rejected:
            false.append((name, gpu, kwargs))
    assert not false
    assert told["taken", False] > CONFIGS / 4
    assert told["sizes", True] >= LEAST_TOLD * (told["sizes", True] + told["sizes", False]) > 0
