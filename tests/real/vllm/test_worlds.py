"""The adapter makes worlds real: a model of other facts, devices of others, and what the library says of a model."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.tiny_model import tiny_model
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.model import ContextField, TypedValue

ENGINE = "vllm.EngineArgs"
HEADS = "model.arch.num_attention_heads"
QUANTIZATION = "model.arch.quantization"
REFUSED = {(QUANTIZATION, "bitsandbytes")}
"""What this version takes of no model, which is told by a rule of its own."""
CUDA: Mapping[str, Any] = {"platform": "cuda"}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def others(adapter: EngineAdapter) -> list[tuple[str, Any]]:
    """Each fact of a model or a device that stands by itself, at each value that is not the default one.

    What a name in config.json is known for comes with other facts.
    """
    return [
        (name, value)
        for name, field in adapter.ssot.context.items()
        if (name.startswith("device.") or field.found) and (field.reading is None or field.reading.table is None)
        for value in field.values
        if value != field.default and (name, value) not in REFUSED
    ]


def worlds(adapter: EngineAdapter) -> Iterator[dict[str, Any]]:
    """No fact changed, each by itself, and each pair of them."""
    facts = others(adapter)
    yield {}
    yield from ({name: value} for name, value in facts)
    for one, other in itertools.combinations(facts, 2):
        if one[0] != other[0] and {one[0], other[0]} != {QUANTIZATION, "device.capability"}:
            yield dict([one, other])


@pytest.mark.parametrize("platform", ["cpu", "cuda"])
def test_a_config_is_built_in_every_world_and_the_library_finds_what_was_asked_for(
    adapter: EngineAdapter, known: Mapping[str, ContextField], platform: str
) -> None:
    declared = {name: field for name, field in known.items() if field.found}
    assert len(declared) >= 6
    for world in worlds(adapter):
        with adapter.context({"platform": platform, **world}):
            built = adapter.build(ENGINE, {})
            found = adapter.facts_of(built.model_config.model)
        assert found == {name: world.get(name, field.default) for name, field in declared.items()}, world


def test_a_quantised_model_is_judged_whichever_world_was_entered_first(adapter: EngineAdapter) -> None:
    def verdict(capability: float) -> str:
        with adapter.context({**CUDA, "device.capability": capability, QUANTIZATION: "fp8"}):
            try:
                adapter.build(ENGINE, {"dtype": "half"})
            except ValueError as error:
                return "refused" if "Minimum capability" in str(error) else str(error)
        return "built"

    assert [verdict(one) for one in (9.0, 7.0, 9.0)] == ["built", "refused", "built"]
    for declared in adapter.ssot.adapter["imported_first"]:
        assert any(name in sys.modules for name in declared["modules"])


def test_a_world_holds_for_the_block_alone_and_one_after_the_other(adapter: EngineAdapter) -> None:
    def verdict(world: Mapping[str, Any]) -> bool:
        with adapter.context({**adapter.default_context(), **world}), suppress(ValueError):
            adapter.build(ENGINE, {"tensor_parallel_size": 3, "distributed_executor_backend": "mp"})
            return True
        return False

    expected = {4: False, 12: True, 40: False}
    asked = [*expected, *reversed(expected), 12, 12, 4]
    for platform in ("cpu", "cuda"):
        world = {"platform": platform, "device.count": 16}
        assert [verdict({**world, HEADS: heads}) for heads in asked] == [expected[heads] for heads in asked]
    assert adapter.build(ENGINE, {}).model_config.model == str(tiny_model())


def test_a_model_of_their_own_and_a_nested_config_keep_theirs(adapter: EngineAdapter) -> None:
    nested = {"model_config": TypedValue("vllm.config.ModelConfig", {})}
    with adapter.context({HEADS: 40}):
        assert adapter.facts_of(adapter.build(ENGINE, {}).model_config.model)[HEADS] == 40
        assert adapter.build("vllm.config.VllmConfig", nested).model_config.model != str(tiny_model())
        assert adapter.build(ENGINE, {"model": str(tiny_model())}).model_config.model == str(tiny_model())


@pytest.mark.parametrize(("capability", "pair"), [(7.5, (7, 5)), (8.9, (8, 9)), (9.0, (9, 0)), (12.0, (12, 0))])
def test_devices_are_what_the_facts_say(adapter: EngineAdapter, capability: float, pair: tuple[int, int]) -> None:
    from vllm.platforms import current_platform

    facts = {"device.capability": capability, "device.count": 2, "device.memory": 24 * 1024**3, "device.name": "L4"}
    with adapter.context({**CUDA, **facts}):
        assert tuple(current_platform.get_device_capability()) == pair
        assert current_platform.has_device_capability(pair)
        assert current_platform.has_device_capability(80) == (pair >= (8, 0))
        assert current_platform.device_count() == 2
        assert current_platform.get_device_total_memory() == 24 * 1024**3
        assert current_platform.get_device_name() == "L4"
    with adapter.context(facts):
        assert current_platform.is_cpu()


def test_the_count_decides_who_runs_the_workers(adapter: EngineAdapter) -> None:
    def executor(count: int) -> str | None:
        with adapter.context({**CUDA, "device.count": count}), suppress(ValueError):
            config = adapter.build("vllm.config.ParallelConfig", {"tensor_parallel_size": 4})
            return str(config.distributed_executor_backend)
        return None

    assert [executor(count) for count in (8, 2, 4)] == ["mp", None, "mp"]


def test_what_nobody_declares_cannot_be_entered(adapter: EngineAdapter) -> None:
    for world in ({"model.arch.nobody": 1}, {"device.nobody": 1}, {"nobody": 1}):
        with pytest.raises(EngineUnavailableError, match="cannot enter the context"):
            adapter.context({**CUDA, **world})


def test_a_folder_with_the_files_of_the_mistral_format_can_be_read_so(adapter: EngineAdapter) -> None:
    asked = {"config_format": "mistral"}
    with adapter.context({"model.files.params_json": True, "model.arch.num_hidden_layers": 3}):
        built = adapter.build(ENGINE, asked)
        assert (Path(built.model_config.model) / "params.json").is_file()
        assert built.model_config.hf_text_config.num_hidden_layers == 3
    with pytest.raises(Exception, match=r"params\.json"):
        adapter.build(ENGINE, asked)


def test_what_the_library_says_of_a_folder_of_somebodys(adapter: EngineAdapter, tmp_path: Path) -> None:
    config = json.loads((tiny_model() / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "num_key_value_heads": 2, "num_local_experts": 6}))
    found = adapter.facts_of(tmp_path)
    assert (found["model.arch.num_key_value_heads"], found["model.arch.num_experts"]) == (2, 6)
