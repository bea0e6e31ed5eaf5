"""What the library says of its architectures: found by name, made real by a model that names another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from miners.discovery import architectures, models
from miners.discovery.architectures import KEY, discover_architectures
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.errors import NoSuchWorldError
from pytest_llem_invariants.model import ContextField
from pytest_llem_invariants.process.forks import in_child

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
NAMES = ("BertModel", "LlamaForCausalLM", "MambaForCausalLM", "MiMoV2FlashForCausalLM", "NoSuchForCausalLM")
SAID = ("supports_pp", "is_pooling_model", "is_attention_free", "runner_type")


def facts_named(known: Mapping[str, ContextField]) -> list[str]:
    return [name for name, field in known.items() if field.reading is not None and field.reading.table == KEY]


def test_of_each_name_the_table_has_what_the_library_says(adapter: EngineAdapter) -> None:
    def answer() -> bytes:
        architectures.supported_architectures = lambda _: NAMES
        with models.apart(adapter):
            return json.dumps(discover_architectures(adapter)).encode()

    data, trouble = in_child(answer, 300, 8 * 1024**3)
    assert trouble is None
    table: dict[str, Any] = json.loads(data)
    said = {name: {**table["usual"], **others} for name, others in table["names"].items()}
    assert [said["LlamaForCausalLM"][f"model.info.{one}"] for one in SAID] == [True, False, False, "generate"]
    assert [said["BertModel"][f"model.info.{one}"] for one in SAID] == [False, True, False, "pooling"]
    assert [said["MambaForCausalLM"][f"model.info.{one}"] for one in SAID] == [True, False, True, "generate"]
    assert said["MiMoV2FlashForCausalLM"]["unless"] == ["vision_config"]
    assert sorted(said["NoSuchForCausalLM"]["unknown"]) == sorted(table["usual"])


def test_each_fact_has_a_model_that_has_it(adapter: EngineAdapter, known: Mapping[str, ContextField]) -> None:
    usual = adapter.default_context()
    for name in facts_named(known):
        for value in adapter.ssot.context[name].values:
            with adapter.context({**usual, name: value}):
                assert adapter.facts_beside({})[name] == value


def test_a_check_of_the_model_sees_it_and_what_no_model_has_is_no_world(adapter: EngineAdapter) -> None:
    with (
        adapter.context({"model.info.supports_pp": False}),
        pytest.raises(NotImplementedError, match="Pipeline parallelism is not supported for this model"),
    ):
        adapter.build("vllm.EngineArgs", {"pipeline_parallel_size": 2})
    together = {"model.info.is_attention_free": True, "model.info.is_hybrid": True}
    with pytest.raises(NoSuchWorldError, match="there is no model to stand for"):
        adapter.context(together)


def test_it_is_told_which_facts_the_model_that_stands_for_a_world_has_otherwise(
    adapter: EngineAdapter, known: Mapping[str, ContextField]
) -> None:
    usual = adapter.default_context()
    worlds = [{name: not usual[name]} for name in facts_named(known) if type(usual[name]) is bool]
    assert len(worlds) >= 10
    for world in [{}, {"model.arch.num_attention_heads": 8}, *worlds]:
        with adapter.context(world):
            found = adapter.facts_beside({})
        named = facts_named(known)
        asked = {**usual, **world}
        assert adapter.unlike(world) == {name for name in named if name in found and found[name] != asked[name]}
    pretended = {"model.info.is_text_generation_model": False, "model.info.is_pooling_model": True}
    assert "model.info.is_pooling_model" not in adapter.unlike(pretended)


def test_what_is_drawn_as_a_whole_is_of_one_name(adapter: EngineAdapter) -> None:
    tables = {name: field.reading.table for name, field in adapter.ssot.context.items() if field.reading is not None}
    wholes = adapter.facts_together()
    assert {len({tables[fact] for fact in whole}) for whole in wholes} == {1}
    assert {"model.arch.type": "gemma2"} in wholes
    assert any(whole.get("model.info.is_hybrid") for whole in wholes)
