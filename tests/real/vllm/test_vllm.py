from __future__ import annotations

import itertools
import os
import random
import socket
from typing import Any

import pytest

from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.base import MACHINE
from pytest_llem_invariants.engines.tiny_model import tiny_model
from pytest_llem_invariants.model import Change, Kwargs, TypedValue
from pytest_llem_invariants.replay.isolate import isolated, prepare
from pytest_llem_invariants.replay.observe import Observer

SAMPLING = "vllm.SamplingParams"
CUDA: dict[str, Any] = {"platform": "cuda"}


@pytest.fixture(scope="module")
def observer() -> Observer:
    return Observer(get_adapter("vllm"))


def test_every_allowed_class_is_built_bare_but_the_one_that_must_choose(observer: Observer) -> None:
    names = observer.adapter.native_types()
    assert "vllm.EngineArgs" in names
    unbuilt = [name for name in names if observer.observe(name, {}).exception is not None]
    assert unbuilt == ["vllm.sampling_params.StructuredOutputsParams"]
    assert observer.raises(unbuilt[0], {"json_object": True}) is None


def test_nothing_that_is_built_reaches_for_the_network(observer: Observer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a config reached for the network")

    for name in observer.adapter.native_types():
        observer.prepare(name)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "listen", refuse)
    for name in observer.adapter.native_types():
        seen = observer.observe(name, {}).exception
        assert seen is None or seen.type != "AssertionError", (name, seen)


def test_a_library_error_names_its_parameter(observer: Observer) -> None:
    seen = observer.observe(SAMPLING, {"temperature": -1.0}).exception
    assert seen is not None
    assert seen.locations == ("temperature",)
    assert "ValueError" in (seen.type, *seen.bases) or "VLLMError" in seen.bases
    assert (seen.raised_at or "").startswith("vllm/sampling_params.py:")


def test_a_pydantic_error_names_its_fields(observer: Observer) -> None:
    seen = observer.observe("vllm.config.CacheConfig", {"gpu_memory_utilization": 3.0, "block_size": "x"}).exception
    assert seen is not None
    assert set(seen.locations) == {"gpu_memory_utilization", "block_size"}
    assert "<version>" in seen.message


def test_what_a_validator_raised_is_found_inside_pydantics_error(observer: Observer) -> None:
    seen = observer.observe("vllm.config.SpeculativeConfig", {"method": None}).exception
    assert seen is not None
    assert (seen.raised_at or "").startswith("vllm/config/speculative.py:")


def test_silent_changes_are_seen(observer: Observer) -> None:
    seen = observer.observe(SAMPLING, {"temperature": 0.0, "top_p": 0.5, "top_k": 5})
    assert seen.normalisations == {"top_p": Change(0.5, 1.0), "top_k": Change(5, 0)}


def test_engine_args_are_validated_with_a_model_of_our_own(observer: Observer) -> None:
    assert observer.observe("vllm.EngineArgs", {}).exception is None
    seen = observer.observe("vllm.EngineArgs", {"tensor_parallel_size": 0}).exception
    assert seen is not None
    assert seen.locations == ("tensor_parallel_size",)
    folder = observer.observe("vllm.EngineArgs", {"model": str(tiny_model()), "dtype": "no"}).exception
    assert folder is not None
    assert str(tiny_model()) not in folder.message


@pytest.mark.parametrize("model", ["nobody/has-this", "x"])
def test_a_model_that_is_not_here_says_nothing_about_the_config(observer: Observer, model: str) -> None:
    seen = observer.observe("vllm.EngineArgs", {"model": model})
    assert (seen.skipped_reason or "").startswith("environment: ")


def test_a_cuda_platform_is_simulated_for_the_block_alone(observer: Observer) -> None:
    from vllm.platforms import current_platform

    with observer.adapter.context(CUDA):
        assert current_platform.is_cuda()
        assert not current_platform.is_cpu()
        assert current_platform.has_device_capability(90)
        assert not current_platform.has_device_capability(100)
        assert current_platform.device_count() == 8
    assert current_platform.is_cpu()


def test_another_machine_is_simulated_for_the_block_alone(observer: Observer) -> None:
    from vllm.platforms import current_platform

    adapter = observer.adapter
    for number, machine in enumerate(adapter.machines()):
        with adapter.context({**CUDA, MACHINE: number}):
            assert current_platform.device_count() == machine["device.count"]
            major, minor = current_platform.get_device_capability()
            assert f"{major}.{minor}" == str(machine["device.capability"])
    with adapter.context(CUDA):
        assert current_platform.device_count() == 8


def test_beside_each_other_model_and_on_each_other_machine_the_bare_config_is_accepted(observer: Observer) -> None:
    others = observer.adapter.other_kwargs("vllm.EngineArgs")
    for kwargs, machine in itertools.product(others, range(len(observer.adapter.machines()))):
        for context in ({}, CUDA):
            assert observer.raises("vllm.EngineArgs", kwargs, {**context, MACHINE: machine}) is None


def test_sleep_mode_is_a_matter_of_the_platform(observer: Observer) -> None:
    assert observer.raises("vllm.EngineArgs", {"enable_sleep_mode": True}) is not None
    assert observer.raises("vllm.EngineArgs", {"enable_sleep_mode": True}, CUDA) is None


def test_the_device_follows_the_platform(observer: Observer) -> None:
    adapter = observer.adapter
    assert adapter.build("vllm.config.DeviceConfig", {}).device_type == "cpu"
    with adapter.context(CUDA):
        assert adapter.build("vllm.config.DeviceConfig", {}).device_type == "cuda"
    assert adapter.build("vllm.config.DeviceConfig", {}).device_type == "cpu"


SAMPLE: list[tuple[str, Kwargs, Kwargs]] = [
    (SAMPLING, {"temperature": 0.001}, {}),
    (SAMPLING, {"temperature": 0.001}, CUDA),
    (SAMPLING, {"n": 0}, {}),
    ("vllm.config.DeviceConfig", {}, CUDA),
    ("vllm.config.ParallelConfig", {"tensor_parallel_size": 2}, {}),
    ("vllm.config.ParallelConfig", {"tensor_parallel_size": 2}, CUDA),
    ("vllm.config.VllmConfig", {"model_config": TypedValue("vllm.config.ModelConfig", {})}, {}),
    ("vllm.config.VllmConfig", {"model_config": TypedValue("vllm.config.ModelConfig", {})}, CUDA),
    ("vllm.EngineArgs", {"tensor_parallel_size": 2}, {}),
    ("vllm.EngineArgs", {"tensor_parallel_size": 2}, CUDA),
    ("vllm.EngineArgs", {"max_model_len": 10_000_000}, {}),
]


def test_outcomes_do_not_depend_on_order_or_process(observer: Observer) -> None:
    first = [observer.observe(name, kwargs, context=context) for name, kwargs, context in SAMPLE]
    environment = dict(os.environ)
    for seed in (1, 2, 3):
        order = random.Random(seed).sample(range(len(SAMPLE)), len(SAMPLE))
        again = {
            index: observer.observe(SAMPLE[index][0], SAMPLE[index][1], context=SAMPLE[index][2]) for index in order
        }
        for index, observed in enumerate(first):
            assert again[index] == observed, SAMPLE[index]
    assert dict(os.environ) == environment
    for (name, kwargs, context), observed in zip(SAMPLE, first, strict=True):
        prepare(observer, name, context)
        found = isolated(lambda n=name, k=kwargs, c=context: (observer.observe(n, k, context=c),), 1, 60)
        assert found == (observed,)


def test_what_depends_on_an_absent_package_is_no_announcement(observer: Observer) -> None:
    said = observer.observe("vllm.config.VllmConfig", {}).messages
    assert not any("triton" in message.lower() for message in said)


def test_an_environment_variable_is_set_for_the_block_alone(observer: Observer) -> None:
    from vllm import envs

    before = envs.VLLM_ALLOW_LONG_MAX_MODEL_LEN
    with observer.adapter.context({"env.VLLM_ALLOW_LONG_MAX_MODEL_LEN": 1}):
        assert envs.VLLM_ALLOW_LONG_MAX_MODEL_LEN
    assert before == envs.VLLM_ALLOW_LONG_MAX_MODEL_LEN


def test_a_platform_decides_a_verdict(observer: Observer) -> None:
    name, kwargs = "vllm.config.ParallelConfig", {"enable_eplb": True}
    here = observer.observe(name, kwargs).exception
    assert here is not None
    assert "only supported on CUDA" in here.message
    there = observer.observe(name, kwargs, context=CUDA).exception
    assert there is None or "only supported on CUDA" not in there.message


def test_an_announcement_is_heard_whatever_logging_the_config_asks_for(observer: Observer) -> None:
    announcing = {"all2all_backend": "pplx"}
    heard = [log.message for log in observer.observe("vllm.EngineArgs", announcing).logs]
    assert any("pplx" in message for message in heard)
    for level in ("DEBUG", "ERROR"):
        again = [
            observer.observe("vllm.EngineArgs", kwargs).logs
            for kwargs in ({**announcing, "log_level": level}, announcing)
        ]
        assert [[log.message for log in logs] for logs in again] == [heard, heard]


def test_what_the_cpu_can_do_is_the_same_everywhere(observer: Observer) -> None:
    import torch

    observer.adapter.import_library()
    assert not torch.cpu._is_avx512_bf16_supported()
    assert not torch.cpu._is_amx_tile_supported()
