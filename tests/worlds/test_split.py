"""The lengths that ranks split are told of a model whose config.json leaves no doubt of them, and of no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.corpus.layers_layout import read_layers, with_layers
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.worlds.derived import derived
from pytest_llem_invariants.worlds.model_folder import model_facts

FACT = "model.layers.split_inputs"
LAYERS = ["model.layers.#.mlp.down_proj", "model.layers.#.self_attn.o_proj"]
TABLE: dict[str, Any] = {
    "schema_version": "1.0.0",
    "engine_version": "2.0",
    "spoken": ["head_dim", "heads", "hidden", "wide"],
    "left_out": ["quantization_config.ignore"],
    "model_types": {
        "some": {
            "architecture": "SomeForCausalLM",
            "knows": ["heads", "hidden", "wide"],
            FACT: {"products": [["hidden"], ["wide"]], "layers": LAYERS},
            "with": {"head_dim": {FACT: {"products": [["heads", "head_dim"], ["wide"]], "layers": LAYERS}}},
        }
    },
}
CONFIG = {"architectures": ["SomeForCausalLM"], "model_type": "some", "hidden": 64, "heads": 4, "wide": 192}
DECLARED = {FACT: {"type": "list", "from": "model_type", "of": "config"}}


def told(folder: Path, config: dict[str, Any], table: dict[str, Any] = TABLE) -> Any:
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "layers.json").write_text(json.dumps(table))
    models = with_layers({"some": {}}, folder / "layers.json", "2.0")
    return derived(DECLARED, model_facts(str(folder)), lambda: models).get(FACT)


def ignoring(*names: Any) -> dict[str, Any]:
    return {**CONFIG, "quantization_config": {"ignore": list(names)}}


def test_each_length_is_a_product_of_what_is_written(tmp_path: Path) -> None:
    assert told(tmp_path, CONFIG) == [64, 192]


def test_a_key_that_some_models_write_has_products_of_its_own(tmp_path: Path) -> None:
    assert told(tmp_path, {**CONFIG, "head_dim": 32}) == [128, 192]


def test_what_was_seen_of_another_version_is_not_told(tmp_path: Path) -> None:
    assert told(tmp_path, CONFIG, {**TABLE, "engine_version": "2.1"}) is None


def test_a_length_of_which_a_key_is_not_written_is_left_out(tmp_path: Path) -> None:
    assert told(tmp_path, {**CONFIG, "wide": None}) == [64]
    assert told(tmp_path, {**CONFIG, "wide": None, "hidden": None}) is None


def test_that_there_are_no_such_layers_is_another_thing_than_that_nothing_is_known(tmp_path: Path) -> None:
    of_type = TABLE["model_types"]["some"]
    none = {**of_type, FACT: {"products": [], "layers": []}}
    unknown = {key: value for key, value in of_type.items() if key != FACT}
    for entry, wanted in ((none, []), (unknown, None)):
        assert told(tmp_path, CONFIG, {**TABLE, "model_types": {"some": entry}}) == wanted
        assert told(tmp_path, {**CONFIG, "head_dim": 32}, {**TABLE, "model_types": {"some": entry}}) == [128, 192]


@pytest.mark.parametrize(
    "config",
    [
        {**CONFIG, "architectures": ["OtherForCausalLM"]},
        {**CONFIG, "architectures": []},
        {**CONFIG, "model_type": "another"},
        ignoring("model.layers.0.mlp.down_proj"),
        ignoring("model.layers.0"),
        ignoring("re:.*self_attn.*"),
        ignoring("down"),
        ignoring("re:.*"),
        ignoring(3),
        {**CONFIG, "quantization_config": {"ignore": {"a": "b"}}},
    ],
)
def test_nothing_is_told_where_the_layers_may_be_others(tmp_path: Path, config: dict[str, Any]) -> None:
    assert told(tmp_path, config) is None


def test_layers_that_are_left_out_elsewhere_change_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, ignoring("lm_head", "model.layers.0.mlp.gate", "re:.*visual.*", "model.norm")) == [64, 192]


@given(st.integers(1, 2**20), st.integers(1, 2**20))
def test_a_length_grows_with_each_of_its_keys(tmp_path_factory: pytest.TempPathFactory, one: int, other: int) -> None:
    folder = tmp_path_factory.mktemp("model")
    assert told(folder, {**CONFIG, "heads": one, "head_dim": other, "wide": 1}) == sorted({one * other, 1})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"schema_version": "2.0"}',
        '{"schema_version": "1.0", "engine_version": "2.0", "model_types": {"a": 3}}',
    ],
)
def test_a_table_that_is_none_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "layers.json"
    path.write_text(text)
    with pytest.raises(CorpusError, match=r"layers"):
        read_layers(path, "2.0")
