"""The facts of a model: read from its folder, its config, or the local cache; from the network where that is asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.worlds.derived import derived
from pytest_llem_invariants.worlds.download import downloaded
from pytest_llem_invariants.worlds.facts import Facts
from pytest_llem_invariants.worlds.model_folder import cached_folder, known_here, model_facts
from pytest_llem_invariants.worlds.world import World

LLAMA = {"model_type": "llama", "num_attention_heads": 32, "rope_scaling": {"rope_type": "yarn", "factor": 4.0}}
VISION = {"model_type": "qwen_vl", "text_config": {"num_attention_heads": 28}, "vision_config": {"depth": 32}}


def folder(path: Path, **files: Any) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / f"{name}.json").write_text(json.dumps(content))
    return path


def test_a_config_is_read_as_it_is_written_nested_mappings_by_dotted_names(tmp_path: Path) -> None:
    facts = model_facts(str(folder(tmp_path, config=LLAMA)))
    assert facts["model.config.num_attention_heads"] == 32
    assert facts["model.config.rope_scaling.factor"] == 4.0
    assert facts["model.config.rope_scaling"] == {"rope_type": "yarn", "factor": 4.0}


def test_what_a_config_lacks_is_known_to_be_absent_and_what_was_not_read_is_not(tmp_path: Path) -> None:
    config = folder(tmp_path, config=LLAMA) / "config.json"
    facts = model_facts(str(config))
    assert facts.is_known("model.config.quantization_config")
    assert not facts.is_known("model.generation.temperature")
    assert not facts.is_known("device.capability")
    assert model_facts(str(tmp_path)).is_known("model.generation.temperature")


def test_the_text_part_of_a_model_of_several_parts_stands_under_one_name(tmp_path: Path) -> None:
    facts = model_facts(str(folder(tmp_path / "a", config=VISION)))
    assert facts["model.text.num_attention_heads"] == 28
    assert facts["model.config.vision_config.depth"] == 32
    assert model_facts(str(folder(tmp_path / "b", config=LLAMA)))["model.text.num_attention_heads"] == 32


def test_the_other_files_of_a_folder_are_groups_of_their_own(tmp_path: Path) -> None:
    facts = model_facts(str(folder(tmp_path, config=LLAMA, generation_config={"top_k": 20}, adapter_config={"r": 64})))
    assert facts["model.generation.top_k"] == 20
    assert facts["model.adapter.r"] == 64
    assert facts["model.files"] == ["adapter_config.json", "config.json", "generation_config.json"]


def test_a_folder_with_params_json_alone_is_a_model_of_which_the_files_are_known(tmp_path: Path) -> None:
    facts = model_facts(str(folder(tmp_path, params={"dim": 4096})))
    assert facts["model.files"] == ["params.json"]
    assert not facts.is_known("model.config.model_type")


def cached(cache: Path, **files: Any) -> Path:
    """The folder of a model in a cache, of which these files were fetched."""
    kept = cache / "models--org--name"
    folder(kept / "snapshots" / "abc123", **files)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc123\n")
    return kept


def test_a_model_of_the_local_cache_is_found_by_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    cached(tmp_path, config=LLAMA)
    assert model_facts("org/name")["model.config.model_type"] == "llama"
    assert known_here("org/name")
    assert not known_here("org/other")


DECLARED = {
    "model.files.params_json": {"file": "params.json"},
    "model.arch.length": {"type": "int", "keys": ["max_position_embeddings"], "unless": ["other_length.json"]},
}
TABLE = {"llama": {"model.arch.length": 2048}}


def told(facts: Facts) -> dict[str, Any]:
    return derived(DECLARED, facts, lambda: TABLE)


def test_a_file_that_was_not_fetched_into_the_cache_is_not_taken_for_one_that_the_model_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    kept = cached(tmp_path, config=LLAMA)
    assert told(model_facts("org/name")) == {}
    assert not model_facts("org/name").is_known("model.generation.temperature")
    marks = kept / ".no_exist" / "abc123"
    marks.mkdir(parents=True)
    for name in ("params.json", "other_length.json", "generation_config.json"):
        (marks / name).touch()
    facts = model_facts("org/name")
    assert told(facts) == {"model.files.params_json": False, "model.arch.length": 2048}
    assert facts.is_known("model.generation.temperature")
    assert not facts.is_known("model.adapter.r")
    assert told(model_facts(str(kept / "snapshots" / "abc123"))) == told(facts)


def test_a_model_is_downloaded_where_that_is_asked_and_of_its_files_all_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    fetched = folder(tmp_path / "fetched", config=LLAMA)
    listed = ["config.json", "params.json", "original/params.json", "model.safetensors"]
    downloaded.cache_clear()
    hub = SimpleNamespace(
        list_repo_files=lambda identity: listed, snapshot_download=lambda identity, allow_patterns: str(fetched)
    )
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert not World(own_model=True).beside("org/name").facts
    facts = World(own_model=True, download=True).beside("org/name").facts
    assert facts["model.files"] == ["config.json", "model.safetensors", "params.json"]
    assert told(facts) == {"model.files.params_json": True, "model.arch.length": 2048}
    downloaded.cache_clear()


def test_a_download_that_fails_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(identity: str) -> None:
        raise RuntimeError("no such host\nand more")

    downloaded.cache_clear()
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(LlemError, match="needs huggingface_hub: pip install"):
        model_facts("org/name", download=True)
    hub = SimpleNamespace(list_repo_files=fails, snapshot_download=fails)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(LlemError, match=r"'org/name' could not be downloaded: no such host\Z"):
        model_facts("org/name", download=True)


@pytest.mark.parametrize("revision", ["../../../etc", "..", "", "a/b"])
def test_a_cache_leads_nowhere_outside_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    (tmp_path / "models--org--name" / "refs").mkdir(parents=True)
    (tmp_path / "models--org--name" / "refs" / "main").write_text(revision)
    assert cached_folder("org/name") is None


@pytest.mark.parametrize("identity", ["../..", "a/../b", "a/b/c", "./x", "org/", "a\0b"])
def test_what_is_no_id_is_in_no_cache(identity: str) -> None:
    assert cached_folder(identity) is None


def test_an_id_that_is_not_in_the_cache_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(LlemError, match=r"no model 'org/name'.*nor in the Hugging Face cache"):
        model_facts("org/name")


def test_a_folder_without_a_config_and_broken_json_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LlemError, match=r"no config\.json in this folder"):
        model_facts(str(tmp_path))
    (tmp_path / "config.json").write_text("{\n  broken")
    with pytest.raises(LlemError, match=r"config\.json:2"):
        model_facts(str(tmp_path))
