"""Configs of published models, a family each: what the checker rejects of a grid of arguments, the library rejects."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.tiny_model import tiny_model
from pytest_llem_invariants.replay.observe import Observer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SERVE = "vllm.EngineArgs"
PUBLISHED = sorted((Path(__file__).parents[2] / "worlds" / "published").glob("*.json"))
GRID: Mapping[str, tuple[Any, ...]] = {
    "tensor_parallel_size": (2, 3, 16),
    "pipeline_parallel_size": (2,),
    "enable_expert_parallel": (True,),
    "max_model_len": (1024, 1_000_000),
    "dtype": ("float16", "bfloat16"),
    "runner": ("generate", "pooling"),
    "convert": ("embed",),
    "enable_prompt_embeds": (True,),
    "renderer_num_workers": (2,),
    "decode_context_parallel_size": (2,),
}
ON_A_GPU: Mapping[str, tuple[Any, ...]] = {
    "tensor_parallel_size": (1, 2, 2, 3, 4, 8, 16),
    "pipeline_parallel_size": (1, 2, 4),
    "enable_expert_parallel": (True,),
    "max_model_len": (1024, 8192, 1_000_000),
    "dtype": ("float16", "bfloat16", "float32"),
    "quantization": ("fp8", "awq", "gptq", "compressed-tensors"),
    "kv_cache_dtype": ("fp8", "fp8_e5m2", "auto"),
}
MACHINES = ("H100:8", "A100-40GB:2", "T4:1")
DRAWN = 40
MOST_MISSED = 0.2
WORTH_TWO: frozenset[str] = frozenset({"tensor_parallel_size", "pipeline_parallel_size", "runner", "max_model_len"})


def grid() -> Iterator[dict[str, Any]]:
    """Nothing, each argument at each value, and two of those that people give together."""
    single = [{name: value} for name, values in GRID.items() for value in values]
    yield {}
    yield from single
    for one, other in combinations(single, 2):
        if one.keys() != other.keys() and {*one, *other} <= WORTH_TWO:
            yield {**one, **other}


@pytest.fixture(scope="module")
def observer() -> Observer:
    return Observer(get_adapter("vllm"))


def folder_of(config: Path, folder: Path) -> Path:
    """A folder with the files of the placeholder, but this config."""
    shutil.copytree(tiny_model(), folder, dirs_exist_ok=True)
    shutil.copyfile(config, folder / "config.json")
    return folder


@pytest.mark.parametrize("config", PUBLISHED, ids=lambda path: path.stem)
def test_nothing_is_rejected_that_the_library_takes(observer: Observer, config: Path, tmp_path: Path) -> None:
    folder = folder_of(config, tmp_path / "model")
    checker, world = Checker.load("vllm"), World(model=folder, gpu="none")
    told: Counter[str] = Counter()
    false = []
    for kwargs in grid():
        given = {"model": str(folder), **kwargs}
        error = observer.raises(SERVE, given)
        if error is not None and observer.no_verdict(error):
            told["no verdict"] += 1
            continue
        status = checker.check(SERVE, given, world=world).status
        told[f"{'rejected' if error else 'accepted'}, said {status}"] += 1
        if error is None and status == "rejected":
            false.append(kwargs)
    if told.total() == told["no verdict"]:
        pytest.skip("a package is not here that the library imports to look at this model")
    assert not false
    assert told["rejected, said rejected"]
    assert told["accepted, said accepted"] + told["accepted, said depends"]


def drawn(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Machines, each with some of the arguments that say how a model is split, and as what it is kept."""
    source = random.Random(name)
    for _ in range(DRAWN):
        given = source.sample(sorted(ON_A_GPU), source.choice((1, 2, 2, 3, 4)))
        yield source.choice(MACHINES), {argument: source.choice(ON_A_GPU[argument]) for argument in given}


@pytest.mark.parametrize("config", PUBLISHED, ids=lambda path: path.stem)
def test_on_a_gpu_ranks_lengths_and_types_are_judged_as_the_library_does(
    observer: Observer, config: Path, tmp_path: Path
) -> None:
    folder = folder_of(config, tmp_path / "model")
    checker, declared = Checker.load("vllm"), get_adapter("vllm").ssot.context
    values = {
        name: {"values": one.values} for name, one in declared.items() if name.startswith(("device.", "platform"))
    }
    told: Counter[str] = Counter()
    otherwise = []
    for machine, kwargs in drawn(config.stem):
        given = {"model": str(folder), **kwargs}
        there = {name: value for name, value in World(gpu=machine).context(values).items() if value is not None}
        error = observer.raises(SERVE, given, there)
        if error is not None and observer.no_verdict(error):
            told["no verdict"] += 1
            continue
        status = checker.check(SERVE, given, world=World(model=folder, gpu=machine)).status
        told[f"{'rejected' if error else 'accepted'}, said {status}"] += 1
        if (error is not None) != (status == "rejected"):
            otherwise.append((machine, kwargs, status, error and (error.raised_at, error.message[:200])))
    if told.total() == told["no verdict"]:
        pytest.skip("a package is not here that the library imports to look at this model")
    assert not [one for one in otherwise if one[3] is None]
    missed = len(otherwise)
    assert missed <= told["rejected, said rejected"] * MOST_MISSED, otherwise
