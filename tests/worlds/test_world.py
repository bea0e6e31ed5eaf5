"""A world puts facts together; what nobody gave stays unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.likeness import said_names
from pytest_llem_invariants.worlds import World


def test_nothing_given_is_nothing_known() -> None:
    facts = World().facts
    assert not facts
    assert not any(map(facts.is_known, ("model.config.model_type", "device.platform", "env.A", "packages.triton")))


def test_what_is_given_is_put_together(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    facts = World(
        model=tmp_path,
        gpu="T4:2",
        env={"VLLM_USE_V1": "1"},
        packages={"Triton": "3.7.1", "flashinfer": None},
        facts={"served.max_model_len": 4096},
    ).facts
    assert facts["model.config.model_type"] == "llama"
    assert facts["device.capability"] == 7.5
    assert facts["env.VLLM_USE_V1"] == "1"
    assert facts["packages.triton"] == "3.7.1"
    assert facts["packages.flashinfer"] is None
    assert facts["served.max_model_len"] == 4096


def test_a_file_beside_the_config_is_read_only_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (tmp_path / "tokenizer_config.json").write_text("{broken")
    (tmp_path / "generation_config.json").write_text(json.dumps({"top_k": 20}))
    world = World(model=tmp_path)
    top_k = {"model.generation.top_k": {"values": [20]}, "model.config.model_type": {"values": ["llama"]}}
    assert world.context(top_k) == {"model.generation.top_k": 20, "model.config.model_type": "llama"}
    with pytest.raises(LlemError, match=r"tokenizer_config\.json:1"):
        world.context({"model.arch.length": {"values": [1], "keys": ["l"], "lowered_by": ["model.tokenizer.l"]}})


def test_a_fact_outside_of_every_group_is_an_error() -> None:
    with pytest.raises(LlemError, match="no fact 'temperature'"):
        World(facts={"temperature": 1})


@pytest.mark.parametrize("name", ["opentelemetry-sdk", "OpenTelemetry_SDK", "opentelemetry_sdk"])
def test_a_package_is_one_fact_however_its_name_is_spelt(name: str) -> None:
    declared = {"packages.opentelemetry_sdk": {"values": [None, "1.39.0"]}}
    for world in (World(packages={name: "1.40"}), World(facts={f"packages.{name}": "1.40"})):
        assert world.context(declared) == {"packages.opentelemetry_sdk": "1.40"}
    assert World(packages={name: None}).context(declared) == {"packages.opentelemetry_sdk": None}
    assert World().context(declared) == {}


def test_of_many_names_those_are_told_that_are_near_or_the_first() -> None:
    every = [f"model.arch.number_{number}" for number in range(40)]
    assert said_names("model.arch.numbr_3", every).startswith("nearest are model.arch.number_3")
    assert said_names("moon", every).endswith(", … (40 in all)")
    assert said_names("moon", ["platform"]) == "known are platform"
