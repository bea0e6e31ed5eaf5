"""What vLLM would hold of a model in memory: its own model class is built on the meta device, which holds no values."""

from __future__ import annotations

import importlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_FIELDS: Final = ("num_kv_heads", "head_size", "head_size_v", "sliding_window", "attention_chunk_size", "rswa_window")
"""What a page of a cache of attention is made of, beside the tokens of a block and the bytes of a number."""


def memory_of(config: Mapping[str, Any], tensor_parallel: int) -> dict[str, Any]:
    """The tensors and caches of one rank, and the config as the library reads it."""
    with built(config, tensor_parallel) as (vllm_config, model, specs):
        usual = vllm_config.model_config.dtype
        held = {id(tensor): _kind(module) for module in model.modules() for tensor in module.parameters(recurse=False)}
        return {
            "config": _plain(vllm_config.model_config.hf_config.to_dict()),
            "tensors": [
                [name, list(tensor.shape), None if tensor.dtype == usual else tensor.element_size(), held[id(tensor)]]
                for name, tensor in model.named_parameters()
            ],
            "caches": [[name, *_cache(spec, usual)] for name, spec in specs.items()],
            "names": _names(model),
        }


def _names(model: Any) -> dict[str, Any]:
    """How modules of a checkpoint are called here, and which are kept as one: a quantisation names the former."""
    packed: dict[str, set[str]] = {}
    renamed: dict[str, str] = {}
    for module in model.modules():
        for name, parts in (getattr(module, "packed_modules_mapping", None) or {}).items():
            packed.setdefault(str(name), set()).update(map(str, parts))
        mapper = getattr(module, "hf_to_vllm_mapper", None)
        for part, (whole, _) in (getattr(mapper, "orig_to_new_stacked", None) or {}).items():
            packed.setdefault(_last(whole), set()).add(_last(part))
        substrings = getattr(mapper, "orig_to_new_substr", None) or {}
        renamed.update({str(old): str(new) for old, new in substrings.items() if new is not None})
    return {"packed": {name: sorted(parts) for name, parts in sorted(packed.items())}, "renamed": renamed}


def _last(name: str) -> str:
    return name.strip(".").rpartition(".")[2]


@contextmanager
def built(
    config: Mapping[str, Any], tensor_parallel: int, **arguments: Any
) -> Iterator[tuple[Any, Any, Mapping[str, Any]]]:
    """The library's whole config, its model, and its own specification of each cache of a rank."""
    torch = importlib.import_module("torch")
    with tempfile.TemporaryDirectory() as folder, _answered_operators(torch):
        (Path(folder) / "config.json").write_text(json.dumps(config), encoding="utf-8")
        arguments = {"model": folder, "skip_tokenizer_init": True, "load_format": "dummy", **arguments}
        vllm_config = importlib.import_module("vllm.engine.arg_utils").EngineArgs(**arguments).create_engine_config()
        vllm_config.parallel_config.tensor_parallel_size = tensor_parallel
        yield vllm_config, *_model_and_specs(torch, vllm_config, tensor_parallel)


def _model_and_specs(torch: Any, vllm_config: Any, tensor_parallel: int) -> tuple[Any, Mapping[str, Any]]:
    config = importlib.import_module("vllm.config")
    load = importlib.import_module("vllm.model_executor.model_loader.utils")
    platform = importlib.import_module("vllm.platforms").current_platform
    before = torch.get_default_dtype()
    with config.set_current_vllm_config(vllm_config), _ranks(torch, tensor_parallel), _experts_of_any_kind():
        torch.set_default_dtype(vllm_config.model_config.dtype)
        try:
            with torch.device("meta"):
                model = load.initialize_model(vllm_config, model_config=vllm_config.model_config)
        finally:
            torch.set_default_dtype(before)
        platform.update_block_size_for_backend(vllm_config)
        specs = importlib.import_module("vllm.v1.worker.gpu.attn_utils").get_kv_cache_spec(vllm_config)
    return model, specs


@contextmanager
def _ranks(torch: Any, tensor_parallel: int) -> Iterator[None]:
    """The first of so many ranks, of which no other is there."""
    state = importlib.import_module("vllm.distributed.parallel_state")
    if not torch.distributed.is_initialized():
        meeting = tempfile.mkdtemp()
        state.init_distributed_environment(1, 0, f"file://{meeting}/ranks", 0, "gloo")
        state.initialize_model_parallel(1, 1)
    group = vars(state)["_TP"]
    group.world_size = tensor_parallel
    try:
        yield
    finally:
        group.world_size = 1


class _AsIfOfCuda:
    """A platform that says it is like CUDA where a layer asks only that, to build what has no kernel elsewhere."""

    def __init__(self, platform: Any) -> None:
        self._platform = platform

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    def is_cuda_alike(self) -> bool:
        return True


@contextmanager
def _experts_of_any_kind() -> Iterator[None]:
    config = vars(importlib.import_module("vllm.model_executor.layers.fused_moe.config"))
    before = config["current_platform"]
    config["current_platform"] = _AsIfOfCuda(before)
    try:
        yield
    finally:
        config["current_platform"] = before


@contextmanager
def _answered_operators(torch: Any) -> Iterator[None]:
    """Compiled operators that this build does not have are there, and do nothing: no model is run."""
    namespace = type(torch.ops._C)
    before: Callable[[Any, str], Any] = namespace.__getattr__

    def answered(self: Any, name: str) -> Any:
        try:
            return before(self, name)
        except AttributeError:
            if self.name.startswith("_C") and not name.startswith("__"):
                return lambda *args, **kwargs: None
            raise

    namespace.__getattr__ = answered
    try:
        yield
    finally:
        namespace.__getattr__ = before


def _kind(module: Any) -> str:
    """What a tensor is part of: a quantised model has fewer bits in what is `linear` or `experts`."""
    names = {cls.__name__ for cls in type(module).__mro__}
    if names & {"FusedMoE", "RoutedExperts"} or "Experts" in type(module).__name__:
        return "experts"
    if names & {"VocabParallelEmbedding", "ParallelLMHead"}:
        return "vocabulary"
    return "linear" if "LinearBase" in names else ""


_KINDS: Final = {
    "FullAttentionSpec": "full",
    "SinkFullAttentionSpec": "full",
    "MLAAttentionSpec": "mla",
    "SlidingWindowSpec": "sliding",
    "ChunkedLocalAttentionSpec": "chunked",
    "MambaSpec": "state",
    "CrossAttentionSpec": "cross",
}
"""What the library calls a cache → what a reader of the laws does; another is not read."""


def _cache(spec: Any, usual: Any) -> tuple[str, dict[str, Any]]:
    """The kind of a cache and the numbers that its page is made of."""
    found: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(spec, name, None)
        if isinstance(value, int):
            found[name] = value
    if hasattr(spec, "shapes"):
        found["shapes"] = [list(shape) for shape in spec.shapes]
        found["bytes"] = [None if dtype == usual else dtype.itemsize for dtype in spec.dtypes]
        found["replicated"] = bool(spec.tp_replicated)
    for name in ("state_content_bytes", "num_head_slots", "alignment"):
        if getattr(spec, name, None) is not None:
            found[name] = getattr(spec, name)
    if not hasattr(spec, "shapes") and spec.tokens_per_state != 1:
        found["tokens_per_state"] = str(spec.tokens_per_state)
    name = type(spec).__name__
    return _KINDS.get(name, name), found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
