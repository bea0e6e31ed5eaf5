"""Weights and caches as `fit` counts them, beside hf-mem and accelerate.

`python benchmarks/memory.py [NAME…]`, in an environment with hf-mem, accelerate, transformers and torch; a name is a
key of tests/fit/published.json. Both command lines ask the Hugging Face hub and read no folder: hf-mem the headers of
its files, accelerate whether the model is there. So their functions are called with a config: the size of a cache by
hf-mem, and that of an empty model by accelerate, of which half is told, for half the bits.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_llem_invariants.fit import cache
from pytest_llem_invariants.fit.bits import quantisation
from pytest_llem_invariants.fit.layers import Caches
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.settings import Settings
from pytest_llem_invariants.fit.store import laws_of
from pytest_llem_invariants.fit.weights import Share, counted

ROOT = Path(__file__).parents[1]
LAWS = str(ROOT / "corpora/vllm/memory.discovered.json")
NAMES = (
    "llama-3.1-8b",
    "qwen3-30b-a3b",
    "gemma-3-27b",
    "deepseek-v2-lite",
    "qwen3-next-80b",
    "gpt-oss-20b",
    "llama-3.1-70b-awq",
)
LENGTH = 32768
GIB = 1024**3


def ours(config: dict[str, Any]) -> tuple[float, float]:
    """The weights on one device, and the caches of one request."""
    found = laws_of(LAWS, config)
    assert found is not None
    sizes = Sizes(found[1], config)
    caches = Caches(sizes, Settings())
    weights = counted(sizes, Share(), 2, quantisation(config, None)).most
    return weights, cache.needed(caches.groups, caches.use(Settings(), LENGTH, 8192)._replace(states=1))


def of_hf_mem(config: dict[str, Any]) -> float:
    """The cache of one request by hf-mem; its weights are the sizes of the files on the hub."""
    from hf_mem.safetensors.kv_cache import compute_safetensors_kv_cache_size

    return compute_safetensors_kv_cache_size(config.get("text_config", config), "BF16", LENGTH)


def of_accelerate(config: dict[str, Any]) -> float:
    """The weights by accelerate: an empty model in float32, of which its command tells the half for half the bits."""
    import torch
    import transformers
    from accelerate import init_empty_weights
    from accelerate.utils import calculate_maximum_sizes

    read = transformers.AutoConfig.for_model(
        **{name: value for name, value in config.items() if name != "quantization_config"}
    )
    with init_empty_weights():
        model = getattr(transformers, config["architectures"][0])._from_config(read, dtype=torch.float32)
    return calculate_maximum_sizes(model)[0] / 2


def timed(ask: Callable[[dict[str, Any]], Any], config: dict[str, Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    try:
        found = ask(json.loads(json.dumps(config)))
    except Exception as error:  # what a tool does not know of such a model is part of the table
        found = f"{type(error).__name__}"
    return found, (time.perf_counter() - started) * 1000


def told(size: Any) -> str:
    return size if isinstance(size, str) else f"{size / GIB:.2f}"


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    published = json.loads((ROOT / "tests/fit/published.json").read_text(encoding="utf-8"))
    print(f"{'':20} {'weights, GiB':>14} {'accelerate':>14}   {'cache, GiB':>11} {'hf-mem':>10}   ms")
    for name in sys.argv[1:] or NAMES:
        config = published[name]["config"]
        (weights, caches), own = timed(ours, config)
        with contextlib.redirect_stdout(None):
            of_files, _ = timed(of_hf_mem, config)
            empty, theirs = timed(of_accelerate, config)
        sizes = f"{told(weights):>14} {told(empty):>14}   {told(caches):>11} {told(of_files):>10}"
        print(f"{name:20} {sizes}   {own:.0f}, accelerate {theirs:.0f}")


if __name__ == "__main__":
    main()
