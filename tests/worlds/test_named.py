"""Facts that the version's table tells of what a config names: an architecture, a type of model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miners.discovery.architectures import tabulated
from pytest_llem_invariants.corpus.models_layout import read_models
from pytest_llem_invariants.engines.named import name_with
from pytest_llem_invariants.worlds import World

PIPELINE, HYBRID, RUNNER, LATENT = "model.info.pp", "model.info.hybrid", "model.info.runner", "model.arch.latent"
DECLARED: dict[str, dict[str, Any]] = {
    PIPELINE: {"type": "bool", "values": [True, False], "from": "architectures"},
    HYBRID: {
        "type": "bool",
        "values": [False, True],
        "from": "architectures",
        "unless_only": {"layers": ["attention", "full"]},
    },
    RUNNER: {"type": "str", "values": ["generate"], "from": "architectures", "unless": ["modules.json"]},
    LATENT: {"type": "bool", "values": [False, True], "from": "model_type", "unless_null": ["rank"]},
}
TABLE: dict[str, Any] = {
    "schema_version": "1.1.0",
    "model_types": {"llama": {LATENT: False}, "deep": {LATENT: True}, "pair": {LATENT: False}},
    "named": {
        "architectures": {
            "usual": {PIPELINE: True, HYBRID: False, RUNNER: "generate"},
            "names": {
                "Plain": {},
                "Whole": {PIPELINE: False},
                "Mixed": {HYBRID: True, "unknown": [RUNNER]},
                "Omni": {"unless": ["joint.json", "vision"]},
            },
        }
    },
}


def known(folder: Path, config: dict[str, Any], *files: str) -> dict[str, Any]:
    (folder / "table.json").write_text(json.dumps(TABLE))
    model = folder / "model"
    model.mkdir(exist_ok=True)
    (model / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    for name in files:
        (model / name).write_text("{}")
    return World(model=model).context(DECLARED, lambda: dict(read_models(folder / "table.json")))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["Plain"], {PIPELINE: True, HYBRID: False, RUNNER: "generate"}),
        ("Whole", {PIPELINE: False, HYBRID: False, RUNNER: "generate"}),
        (["Whole", "Plain"], {PIPELINE: False, HYBRID: False, RUNNER: "generate"}),
        (["Mixed"], {PIPELINE: True, HYBRID: True}),
        (["Nobody", "Plain"], {}),
        ([], {}),
        ([None], {}),
        (3, {}),
    ],
    ids=str,
)
def test_the_first_name_tells_what_the_table_has_of_it(tmp_path: Path, named: Any, said: dict[str, Any]) -> None:
    found = known(tmp_path, {"architectures": named})
    assert found == {LATENT: False, **said}


def test_what_takes_another_instead_leaves_all_unknown(tmp_path: Path) -> None:
    omni = {"architectures": ["Omni"]}
    assert known(tmp_path, omni)[PIPELINE] is True
    assert PIPELINE not in known(tmp_path, {**omni, "vision": {"depth": 3}})
    assert PIPELINE not in known(tmp_path, omni, "joint.json")


def test_a_file_decides_only_of_the_fact_that_asks_for_it(tmp_path: Path) -> None:
    found = known(tmp_path, {"architectures": ["Plain"]}, "modules.json")
    assert found == {LATENT: False, PIPELINE: True, HYBRID: False}
    alone = World(model=tmp_path / "model" / "config.json")
    table = dict(read_models(tmp_path / "table.json"))
    assert alone.context(DECLARED, lambda: table) == {LATENT: False, PIPELINE: True, HYBRID: False}


@pytest.mark.parametrize(
    ("layers", "hybrid"), [(["attention", "full"], None), (["attention", "mamba"], True), ([], None), ("full", True)]
)
def test_a_list_of_nothing_else_leaves_unknown_what_is_not_so_anyway(
    tmp_path: Path, layers: Any, hybrid: bool | None
) -> None:
    assert known(tmp_path, {"architectures": ["Mixed"], "layers": layers}).get(HYBRID) is hybrid
    assert known(tmp_path, {"architectures": ["Plain"], "layers": layers})[HYBRID] is False


@pytest.mark.parametrize(
    ("config", "latent"),
    [
        ({"model_type": "deep"}, True),
        ({"model_type": "deep", "rank": 512}, True),
        ({"model_type": "deep", "rank": None}, None),
        ({"model_type": "pair", "text_config": {"model_type": "deep"}}, True),
        ({"model_type": "pair", "text_config": {"model_type": "deep", "rank": None}}, None),
        ({"model_type": "other"}, None),
    ],
    ids=str,
)
def test_a_type_tells_what_it_always_has(tmp_path: Path, config: dict[str, Any], latent: bool | None) -> None:
    assert known(tmp_path, config).get(LATENT) is latent


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from("ABCDEF"),
        st.dictionaries(st.sampled_from([PIPELINE, HYBRID, RUNNER]), st.sampled_from([True, False, "x"])),
    )
)
def test_a_table_gives_back_what_was_found(found: dict[str, dict[str, Any]]) -> None:
    table = tabulated([PIPELINE, HYBRID, RUNNER], found)
    usual = table["usual"]
    for name, told in found.items():
        others = table["names"][name]
        read = {fact: value for fact, value in {**usual, **others}.items() if fact != "unknown"}
        assert {fact: read[fact] for fact in read if fact not in others.get("unknown", ())} == told


def test_a_name_is_chosen_that_has_what_is_wanted_and_little_else() -> None:
    usual = {PIPELINE: True, HYBRID: False, RUNNER: "generate"}
    told = {
        "Far": {PIPELINE: False, HYBRID: True, RUNNER: "generate"},
        "Near": {PIPELINE: False, HYBRID: False, RUNNER: "generate"},
        "Silent": {},
    }
    assert name_with({PIPELINE: False}, told, usual) == "Near"
    assert name_with({PIPELINE: False, HYBRID: True}, told, usual) == "Far"
    assert name_with({RUNNER: "pooling"}, told, usual) is None
