"""What a model's files say of the facts that a corpus declares, by the table of the version; nothing is guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.worlds import World
from pytest_llem_invariants.worlds.derived import derived
from pytest_llem_invariants.worlds.model_folder import model_facts

HEADS = "model.arch.num_attention_heads"
LENGTH = "model.arch.max_length"
QUANT = "model.arch.quantization"
PARAMS = "model.files.params_json"
DECLARED: dict[str, dict[str, Any]] = {
    HEADS: {"values": [4, 12], "type": "int", "keys": ["num_attention_heads"]},
    LENGTH: {
        "values": [2048],
        "type": "int",
        "keys": ["max_position_embeddings", "n_positions"],
        "unless": ["rope_scaling", "rope_parameters"],
        "harmless": {"llama3": [], "yarn": ["factor", "original"]},
        "lowered_by": ["model.tokenizer.model_max_length"],
    },
    QUANT: {"values": [None, "fp8"], "type": "str", "of": "config", "keys": ["quantization_config.quant_method"]},
    PARAMS: {"values": [False, True], "type": "bool", "file": "params.json"},
    "platform": {"values": ["cpu", "cuda"]},
}
MODELS: dict[str, dict[str, Any]] = {
    "llama": {HEADS: 32, LENGTH: 2048, QUANT: None},
    "gpt2": {HEADS: {"keys": ["n_head"], "default": 12}},
    "gpt_neo": {HEADS: {"keys": ["num_heads"]}},
    "llava": {HEADS: 32},
    "mistral": {HEADS: 33},
    "mamba": {},
}


def known(folder: Path, config: dict[str, Any] | None, **others: Any) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    for name, content in {"config": config, **others}.items():
        if content is not None:
            (folder / f"{name}.json").write_text(json.dumps(content))
    return World(model=folder).context(DECLARED, lambda: MODELS)


@pytest.mark.parametrize(
    ("config", "heads"),
    [
        ({"model_type": "llama", "num_attention_heads": 40}, 40),
        ({"model_type": "llama"}, 32),
        ({"model_type": "llama", "num_attention_heads": None}, 32),
        ({"model_type": "llama", "num_attention_heads": 40.0}, 40),
        ({"model_type": "gpt2", "n_head": 16}, 16),
        ({"model_type": "gpt2", "num_attention_heads": 16}, 12),
        ({"model_type": "gpt_neo", "num_heads": 8}, 8),
        ({"model_type": "llava", "text_config": {"num_attention_heads": 28}}, 28),
        ({"model_type": "llava", "num_attention_heads": 1, "text_config": {"hidden_size": 28}}, 32),
        ({"model_type": "llava", "text_config": {"model_type": "mistral"}}, 33),
        ({"model_type": "llava", "text_config": {"model_type": "llava_text"}}, 32),
    ],
)
def test_a_fact_is_what_the_library_takes_from_the_config(tmp_path: Path, config: dict[str, Any], heads: int) -> None:
    assert known(tmp_path, config)[HEADS] == heads


@pytest.mark.parametrize(
    "config",
    [
        {"num_attention_heads": 40},
        {"model_type": "brand_new", "num_attention_heads": 40},
        {"model_type": "mamba", "num_attention_heads": 40},
        {"model_type": "gpt_neo"},
        {"model_type": "llava", "text_config": {"model_type": "mamba", "num_attention_heads": 28}},
        {"model_type": "llama", "num_attention_heads": [32, 32]},
        {"model_type": "llama", "num_attention_heads": -1},
        {"model_type": ["llama"]},
    ],
    ids=str,
)
def test_what_the_table_does_not_list_stays_unknown(tmp_path: Path, config: dict[str, Any]) -> None:
    assert HEADS not in known(tmp_path, config)


@pytest.mark.parametrize(
    ("rope", "length"),
    [
        ({}, 4096),
        ({"rope_scaling": None}, 4096),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}, 4096),
        ({"rope_parameters": {"rope_theta": 1e6}}, 4096),
        ({"rope_parameters": {"full": {"rope_type": "default"}, "sliding": {"rope_theta": 1e4}}}, 4096),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0}}, None),
        ({"rope_scaling": {"factor": 4.0}}, None),
        ({"rope_parameters": {"full": {"rope_type": "yarn"}, "sliding": {"rope_theta": 1e4}}}, None),
        ({"rope_scaling": "odd"}, None),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, 4096),
        ({"rope_parameters": {"full": {"rope_type": "llama3"}, "sliding": {"rope_theta": 1e4}}}, 4096),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0, "original": 1024}}, 4096),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0, "original": 4096}}, None),
        ({"rope_scaling": {"type": "yarn", "factor": "4", "original": 1024}}, None),
        ({"rope_scaling": {"type": "yarn"}, "rope_parameters": {"rope_type": "llama3"}}, None),
        ({"rope_scaling": {"type": ["llama3"], "factor": 8.0}}, None),
    ],
    ids=str,
)
def test_a_length_is_known_where_nothing_stretches_it(tmp_path: Path, rope: Any, length: int | None) -> None:
    facts = known(tmp_path, {"model_type": "llama", "max_position_embeddings": 4096, **rope})
    assert facts.get(LENGTH) == length


@pytest.mark.parametrize(("limit", "length"), [(1024, 1024), (1024.0, 1024), (1e30, 4096), (None, 4096)])
def test_another_file_may_lower_it(tmp_path: Path, limit: Any, length: int) -> None:
    config = {"model_type": "llama", "max_position_embeddings": 4096}
    found = known(tmp_path, config, tokenizer_config={"model_max_length": limit})[LENGTH]
    assert (found, type(found)) == (length, int)


def test_the_whole_config_is_asked_where_the_fact_is_of_it(tmp_path: Path) -> None:
    config = {"model_type": "llama", "quantization_config": {"quant_method": "awq"}}
    assert known(tmp_path / "a", config)[QUANT] == "awq"
    assert known(tmp_path / "b", {"model_type": "llama"})[QUANT] is None


def test_what_another_file_may_say_is_no_default_of_a_config_alone(tmp_path: Path) -> None:
    declared = {QUANT: {**DECLARED[QUANT], "unless": ["hf_quant_config.json"]}}

    def quantization(path: Path) -> dict[str, Any]:
        return World(model=path).context(declared, lambda: MODELS)

    config = tmp_path / "config.json"
    config.write_text('{"model_type": "llama"}')
    assert (quantization(tmp_path), quantization(config)) == ({QUANT: None}, {})
    config.write_text('{"model_type": "llama", "quantization_config": {"quant_method": "fp8"}}')
    assert quantization(config) == {QUANT: "fp8"}
    (tmp_path / "hf_quant_config.json").write_text("{}")
    assert quantization(tmp_path) == {}


def test_whether_a_file_is_there_is_known_of_a_folder_alone(tmp_path: Path) -> None:
    assert known(tmp_path, {"model_type": "brand_new"})[PARAMS] is False
    assert known(tmp_path, {"model_type": "llama"}, params={})[PARAMS] is True
    assert PARAMS not in World(model=tmp_path / "config.json").context(DECLARED, lambda: MODELS)


def test_without_a_model_no_table_is_read() -> None:
    def table() -> dict[str, dict[str, Any]]:
        raise AssertionError("read")

    assert World(gpu="H100:2").context(DECLARED, table) == {"platform": "cuda"}


@pytest.mark.parametrize(
    ("config", "tokenizer", "message"),
    [
        ({"num_attention_heads": "x"}, None, r"/config\.json: num_attention_heads is 'x', not a count"),
        ({"num_attention_heads": True}, None, r"/config\.json: num_attention_heads is True, not a count"),
        ({"num_attention_heads": 1.5}, None, r"/config\.json: num_attention_heads is 1\.5, not a count"),
        ({"num_attention_heads": 10**30}, None, r"/config\.json: num_attention_heads is 1000*, not a count"),
        ({"quantization_config": {"quant_method": 8}}, None, r"quantization_config\.quant_method is 8, not a text"),
        ({}, {"model_max_length": "x"}, r"/tokenizer_config\.json: model_max_length is 'x', not a positive number"),
    ],
)
def test_an_absurd_value_is_one_line_with_file_and_field(
    tmp_path: Path, config: dict[str, Any], tokenizer: Any, message: str
) -> None:
    with pytest.raises(LlemError, match=message) as caught:
        known(tmp_path, {"model_type": "llama", **config}, tokenizer_config=tokenizer)
    assert "\n" not in str(caught.value)


def test_a_fact_that_is_stated_counts_before_what_files_say(tmp_path: Path) -> None:
    known(tmp_path, {"model_type": "llama", "num_attention_heads": 40})
    stated = World(model=tmp_path, facts={HEADS: 64})
    assert stated.context(DECLARED, lambda: MODELS)[HEADS] == 64
    assert stated.context(DECLARED, lambda: MODELS, ("model.arch.",))[HEADS] == 64
    assert stated.context(DECLARED, lambda: MODELS, ("model.arch.",)).keys() == {HEADS, PARAMS}


def test_text_of_an_environment_is_read_as_the_corpus_declares_it() -> None:
    declared: dict[str, dict[str, Any]] = {
        "env.A": {"values": [0, 1]},
        "env.B": {"values": [None, False, True]},
        "env.C": {"values": [None, "1"]},
        "env.D": {"values": [1], "type": "int"},
    }
    given = World(env={"A": "1", "B": "1", "C": "1", "D": "77"}).context(declared)
    assert given == {"env.A": 1, "env.B": True, "env.C": "1", "env.D": 77}
    assert given["env.B"] is True


def test_a_machine_without_a_device_has_no_capability() -> None:
    declared: dict[str, dict[str, Any]] = {"device.capability": {"values": [9.0], "type": "float"}}
    assert World(gpu="none").context(declared) == {"device.capability": None}
    assert World().context(declared) == {}


@pytest.mark.parametrize(
    ("config", "experts"),
    [({"n_routed": 8}, 8), ({"experts": None}, 0), ({"experts": None, "n_routed": 8}, None)],
)
def test_a_null_beside_the_key_that_tells_leaves_the_fact_unknown(
    tmp_path: Path, config: dict[str, Any], experts: int | None
) -> None:
    declared = {"model.arch.experts": {"type": "int", "keys": ["experts", "n_routed"]}}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    read = derived(declared, model_facts(str(tmp_path)), lambda: {"llama": {"model.arch.experts": 0}})
    assert read.get("model.arch.experts") == experts


@pytest.mark.parametrize(
    ("config", "told"),
    [({}, {"model.arch.both": False}), ({"both": True}, {"model.arch.both": True}), ({"both": None}, {})],
)
def test_a_null_that_is_neither_leaves_the_fact_unknown(
    tmp_path: Path, config: dict[str, Any], told: dict[str, Any]
) -> None:
    declared = {"model.arch.both": {"values": [False, True], "type": "bool", "keys": ["both"], "unless_null": ["both"]}}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    assert derived(declared, model_facts(str(tmp_path)), lambda: {"llama": {"model.arch.both": False}}) == told
