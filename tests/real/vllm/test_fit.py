"""Caches and weights by our arithmetic are those of the live library, byte for byte."""

from __future__ import annotations

import importlib
import inspect
import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miners.discovery import models
from miners.memory.draws import listed, written
from miners.memory.seen import Sample
from miners.memory.study import held, said
from miners.memory.types import apart, forms_of
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.fit import cache
from pytest_llem_invariants.fit.adapters import adapters
from pytest_llem_invariants.fit.cache import Spec, Use
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.layers import Caches
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.settings import Settings
from pytest_llem_invariants.fit.store import laws_of, laws_path
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.ssot import data_root

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MEMORY = 40 * 1024**3
SHOWN = ("llama", "qwen3_moe", "gemma3_text", "gpt_oss", "deepseek_v3", "jamba", "qwen3_next", "falcon_h1", "whisper")
SHOWN_MODELS = ("minimax-m2", "e5-mistral-7b", "mimo-7b", "mistral-small-3.1-vlm", "nemotron-h-8b", "skywork-reward")
MODELS = Path(__file__).parents[2] / "worlds/families"
SECONDS = 300
LAWS = laws_path(str(data_root()), "vllm")
"""With LLEM_FIT_ALL=1 every type that has laws is compared, which takes minutes."""


def kinds() -> list[str]:
    if os.environ.get("LLEM_FIT_ALL"):
        return sorted(json.loads(Path(LAWS).read_text(encoding="utf-8"))["model_types"])
    return list(SHOWN)


@pytest.fixture(scope="module")
def adapter() -> Iterator[EngineAdapter]:
    adapter = get_adapter("vllm")
    adapter.import_library()
    with apart(adapter):
        yield adapter


def stand_in(length: int, in_flight: int, states: int, context: int = 1) -> Any:
    """As much of the library's config as its functions about caches ask for."""
    utils = importlib.import_module("types")
    layout = importlib.import_module("vllm.v1.kv_cache_layout").KVCacheLayout.LBNHC
    name = utils.SimpleNamespace
    return name(
        model_config=name(max_model_len=length),
        max_in_flight_tokens=in_flight,
        parallel_config=name(decode_context_parallel_size=context, tensor_parallel_size=1),
        cache_config=name(
            mamba_cache_mode="align" if states == 2 else "none",
            get_resolved_kv_cache_layout=lambda: layout,
            num_gpu_blocks_override=None,
            prefix_cache_retention_interval=None,
        ),
        scheduler_config=name(disable_hybrid_kv_cache_manager=False, max_num_encoder_input_tokens=1500),
        attention_config=name(hisparse_config=None),
        speculative_config=None,
    )


def planning() -> Any:
    """The functions with which the library plans its cache; a builder that they ask for is the usual one."""
    try:
        module = importlib.import_module("vllm.v1.core.kv_cache_planning")  # since 0.33.0
    except ModuleNotFoundError:
        return importlib.import_module("vllm.v1.core.kv_cache_utils")
    builder = module.DefaultKVCacheConfigBuilder()
    functions = {name: function for name, function in vars(module).items() if inspect.isfunction(function)}
    return SimpleNamespace(
        **{
            name: partial(function, builder) if "builder" in inspect.signature(function).parameters else function
            for name, function in functions.items()
        }
    )


def as_library(spec: Spec) -> Any:
    """The library's own specification of a layer."""
    interface = importlib.import_module("vllm.v1.kv_cache_interface")
    half = importlib.import_module("torch").bfloat16
    padded = spec.padded or None
    if spec.kind == cache.STATE:
        return interface.MambaSpec(
            block_size=spec.block, shapes=((spec.page // 2,),), dtypes=(half,), page_size_padded=padded
        )
    each = spec.page // spec.block // spec.heads // 2
    named = {"block_size": spec.block, "num_kv_heads": spec.heads, "dtype": half, "page_size_padded": padded}
    if spec.kind == "mla":
        return interface.MLAAttentionSpec(head_size=each, **named)
    named["head_size"] = each // 2
    if spec.kind == cache.SLIDING:
        return interface.SlidingWindowSpec(sliding_window=spec.reach, **named)
    if spec.kind == cache.CHUNKED:
        return interface.ChunkedLocalAttentionSpec(attention_chunk_size=spec.reach, **named)
    return interface.FullAttentionSpec(**named)


SPECS = st.builds(
    lambda kind, heads, size, reach: (
        Spec(
            kind,
            16,
            16 * 4 * size * (1 if kind == "mla" else heads),
            1 if kind == "mla" else heads,
            reach if kind in (cache.SLIDING, cache.CHUNKED) else 0,
        )
        if kind != cache.STATE
        else Spec(kind, 16, 64 * size)
    ),
    st.sampled_from([cache.FULL, cache.FULL, cache.SLIDING, cache.CHUNKED, "mla", cache.STATE]),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([64, 128, 192]),
    st.sampled_from([512, 4096]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(SPECS, st.integers(1, 6)), min_size=1, max_size=4),
    st.integers(1, 200_000),
    st.sampled_from([1, 512, 8192]),
    st.sampled_from([1, 2]),
)
def test_groups_blocks_and_lengths_of_any_layers_are_those_of_the_library(
    adapter: EngineAdapter, layers: list[tuple[Spec, int]], length: int, in_flight: int, states: int
) -> None:
    utils = planning()
    specs = {f"{at}.{number}": spec for at, (spec, count) in enumerate(layers) for number in range(count)}
    config = stand_in(length, in_flight, states)
    try:
        theirs = utils.get_kv_cache_groups(config, {name: as_library(spec) for name, spec in specs.items()})
    except (NotImplementedError, ValueError, AssertionError):
        return
    try:
        ours = cache.groups_of(specs)
    except UnknownSizeError:
        return  # nothing is said
    use = Use(length, in_flight, states=states)
    assert sorted(map(sorted, ours)) == sorted(sorted(group.layer_names) for group in theirs)
    assert cache.bytes_of_block(ours) == utils._pool_bytes_per_block(config, theirs)
    assert cache.needed(ours, use) == utils._max_memory_usage_bytes_from_groups(config, theirs)
    memory = MEMORY // 8
    assert cache.blocks_in(memory, ours) == utils.get_kv_cache_config_from_groups(config, theirs, memory).num_blocks
    block = utils._pool_bytes_per_block(config, theirs)
    assert cache.longest(memory, ours, use, length) == utils._estimate_max_model_len_from_groups(
        config, theirs, memory - block
    )
    needed = cache.needed(ours, use)
    if 0 < memory - block < needed:
        longest = cache.longest(memory, ours, use, length)
        with pytest.raises(ValueError, match=f"length is {longest}[.]" if longest else "is needed") as raised:
            utils._check_enough_kv_cache_memory(
                memory - block,
                lambda: needed,
                length,
                lambda left: utils._estimate_max_model_len_from_groups(config, theirs, left),
            )
        assert f"({utils.format_gib(needed)} GiB KV cache is needed" in str(raised.value)


@given(st.integers(1, 200), st.integers(1, 16))
def test_the_layers_of_a_stage_are_those_of_the_library(adapter: EngineAdapter, layers: int, stages: int) -> None:
    utils = importlib.import_module("vllm.distributed.utils")
    if layers < stages:
        return
    for rank in range(stages):
        assert cache.stage_bounds(layers, stages, rank) == utils.get_pp_indices(layers, rank, stages)


def live(config: Mapping[str, Any], tensor: int) -> dict[str, Any]:
    """What the library says of a config: the bytes of its parameters, and its caches in groups."""
    memory = importlib.import_module("pytest_llem_invariants.engines.vllm_memory")
    utils = planning()
    with memory.built(config, tensor) as (vllm_config, model, specs):
        vllm_config.cache_config.kv_cache_layout = "LBHNC"
        vllm_config.cache_config.enable_prefix_caching = False
        groups = utils.get_kv_cache_groups(vllm_config, dict(specs))
        found: dict[str, Any] = {
            "parameters": sum(tensor.numel() for tensor in model.parameters()),
            "layers": len(specs),
            "length": vllm_config.model_config.max_model_len,
            "in_flight": vllm_config.max_in_flight_tokens,
            "encoder": vllm_config.scheduler_config.max_num_encoder_input_tokens,
            "block": vllm_config.cache_config.block_size,
            "states": _states(vllm_config, specs),
            "groups": sorted(len(group.layer_names) for group in groups),
        }
        if groups:
            found["bytes of a block"] = utils._pool_bytes_per_block(vllm_config, groups)
            found["needed"] = utils._max_memory_usage_bytes_from_groups(vllm_config, groups)
            planned = utils.get_kv_cache_config_from_groups(vllm_config, groups, MEMORY)
            found["blocks"] = planned.num_blocks
            found["longest"] = utils._estimate_max_model_len_from_groups(
                vllm_config, groups, MEMORY - found["bytes of a block"]
            )
        return found


def _states(vllm_config: Any, specs: Mapping[str, Any]) -> int:
    """The blocks of a state that a request holds."""
    if vllm_config.cache_config.mamba_cache_mode != "align":
        return 1
    return 2 + max((getattr(spec, "num_prefill_checkpoint_blocks", 0) for spec in specs.values()), default=0)


@pytest.mark.parametrize("tensor", [1, 4])
@pytest.mark.parametrize("kind", kinds())
def test_caches_and_weights_of_a_type_are_those_of_the_library(adapter: EngineAdapter, kind: str, tensor: int) -> None:
    declared = adapter.ssot.adapter["memory"]
    form = forms_of(adapter)[kind]
    forms = models._forms(form.kind, form.architecture, form.parts)
    config = written(forms.bare, forms.whole, declared["written"].get(kind, {}))
    for name, one in declared["listed"].get(kind, {}).items():
        config[name] = listed(kind, name, one["values"], {**forms.whole, **config}[one["of"]])
    laws = laws_of(LAWS, config)
    assert laws is not None, "no laws"
    data, trouble = in_child(lambda: json.dumps(live(config, tensor)).encode(), SECONDS, 8 * 1024**3)
    if trouble is not None and tensor > 1:
        pytest.skip("the library does not share this default config among so many")
    assert trouble is None
    theirs = json.loads(data)
    try:
        sizes = Sizes(laws[1], config)
    except UnknownSizeError:
        pytest.skip("nothing is said of a config that does not write what the laws need")
    total = 0
    for part in sizes.tensors(tensor):
        number = part.item["n"]
        for one in part.sizes:
            number *= one
        total += number
    assert total == theirs["parameters"]
    arguments = Settings(tensor=tensor, prefix=theirs["states"] > 1)
    caches = Caches(sizes, arguments, block=theirs["block"])
    assert len(caches.specs) == theirs["layers"]
    assert sorted(map(len, caches.groups)) == theirs["groups"]
    if caches.groups:
        use = caches.use(arguments, theirs["length"], theirs["in_flight"], theirs["encoder"])
        use = use._replace(states=theirs["states"])
        assert cache.bytes_of_block(caches.groups) == theirs["bytes of a block"]
        assert cache.needed(caches.groups, use) == theirs["needed"]
        assert cache.blocks_in(MEMORY, caches.groups) == theirs["blocks"]
        assert cache.longest(MEMORY, caches.groups, use, theirs["length"]) == theirs["longest"]


def published() -> list[str]:
    return sorted(path.stem for path in MODELS.iterdir()) if os.environ.get("LLEM_FIT_ALL") else list(SHOWN_MODELS)


@pytest.mark.parametrize("tensor", [1, 2])
@pytest.mark.parametrize("name", published())
def test_a_published_model_holds_what_the_laws_of_its_type_say(adapter: EngineAdapter, name: str, tensor: int) -> None:
    config = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
    config.pop("quantization_config", None)
    if config.pop("auto_map", None):  # its class is not here: it has what this one has
        config["model_type"] = {"mimo": "qwen2"}.get(config["model_type"], config["model_type"])
    laws = laws_of(LAWS, config)
    if laws is None:
        pytest.skip("nothing is said of such a type")
    try:
        sizes = Sizes(laws[1], config)
        sizes.check_ranks(tensor)
    except UnknownSizeError:
        pytest.skip("nothing is said of such a config")

    def asked() -> bytes:
        memory_of = importlib.import_module("pytest_llem_invariants.engines.vllm_memory").memory_of
        return json.dumps(held(Sample(config, tensor, memory_of(config, tensor)))).encode()

    data, trouble = in_child(asked, SECONDS, 8 * 1024**3)
    if trouble is not None and tensor > 1:
        pytest.skip("the library does not share it among so many")
    assert trouble is None
    total, caches = said(sizes, tensor)
    held_total, held_caches = json.loads(data)
    assert caches == held_caches
    assert total == pytest.approx(
        held_total, rel=1e-6
    )  # a bias of the router, of some hundred numbers, is a word's doing


@pytest.mark.parametrize(("name", "tensor"), [("llama-3.1-8b", 1), ("llama-3.1-8b", 2), ("gemma-2-27b", 1)])
def test_room_for_adapters_is_what_the_library_holds_or_more(adapter: EngineAdapter, name: str, tensor: int) -> None:
    config = {**json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8")), "num_hidden_layers": 2}
    laws = laws_of(LAWS, config)
    assert laws is not None
    data, trouble = in_child(lambda: json.dumps(room(config, tensor)).encode(), SECONDS, 8 * 1024**3)
    assert trouble is None
    theirs, has_vocabulary = json.loads(data)
    ours = adapters(Sizes(laws[1], config), Settings(tensor=tensor, adapters=(2, 16)))
    assert ours == theirs if has_vocabulary else ours > theirs


def room(config: Mapping[str, Any], tensor: int) -> tuple[int, bool]:
    """What the library's own manager of adapters holds of two slots of rank 16, and whether the vocabulary has some."""
    torch = importlib.import_module("torch")
    memory = importlib.import_module("pytest_llem_invariants.engines.vllm_memory")
    manager = importlib.import_module("vllm.lora.model_manager").LoRAModelManager
    with memory.built(config, tensor, enable_lora=True, max_lora_rank=16, max_loras=2) as (whole, model, _):
        current = importlib.import_module("vllm.config").set_current_vllm_config(whole)
        with current, memory._ranks(torch, tensor), torch.device("meta"):
            words = whole.model_config.get_vocab_size()
            found = manager(model, 4, 64, words, whole.lora_config, torch.device("meta"), whole)
    held = [
        getattr(module, name, ()) for module in found.modules.values() for name in ("lora_a_stacked", "lora_b_stacked")
    ]
    tensors = [one for part in held for one in (part if isinstance(part, (tuple, list)) else (part,))]
    return sum(one.numel() * one.element_size() for one in tensors), any("embed" in name for name in found.modules)
