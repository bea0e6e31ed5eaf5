from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_llem_invariants.engines.tiny_model import model_folders, model_with, tall_model, tiny_model


def test_the_model_folder_is_made_mended_and_always_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(tiny_model().iterdir())}

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "one"))
    first = contents()
    assert set(first) == {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}
    (tiny_model() / "config.json").write_text("{")
    assert contents() == first
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "two"))
    assert contents() == first


def test_the_tall_model_is_another_of_the_same_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tiny, tall = (json.loads((folder / "config.json").read_text()) for folder in (tiny_model(), tall_model()))
    assert tiny.keys() < tall.keys()
    differing = {name for name in tiny if tiny[name] != tall[name]}
    assert differing >= {"architectures", "max_position_embeddings", "torch_dtype"}
    assert (tiny_model() / "tokenizer.json").read_text() == (tall_model() / "tokenizer.json").read_text()


def test_the_models_differ_in_what_configs_are_compared_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    read = {name: json.loads((folder / "config.json").read_text()) for name, folder in model_folders().items()}
    rounded, plain = read.pop("rounded_model"), read["tiny_model"]
    assert {key for key in rounded if rounded[key] != plain.get(key)} == {"quantization_config"}
    texts = [config.get("text_config", config) for config in read.values()]
    for name in ("num_attention_heads", "num_hidden_layers", "hidden_size", "max_position_embeddings"):
        assert len({text[name] for text in texts}) == len(texts)
    assert len({config["torch_dtype"] for config in read.values()}) == 3
    formats = {name for name, folder in model_folders().items() if (folder / "params.json").exists()}
    assert formats == {"broad_model"}


def test_a_model_of_other_facts_is_a_folder_of_its_own_the_same_bytes_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def contents(cache: str) -> dict[str, bytes]:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache))
        made = model_with({"num_attention_heads": 12, "quantization_config.quant_method": "fp8"})
        assert made == model_with({"quantization_config.quant_method": "fp8", "num_attention_heads": 12})
        assert made not in {tiny_model(), model_with({"num_attention_heads": 40})}
        return {f"{made.name}/{path.name}": path.read_bytes() for path in sorted(made.iterdir())}

    first = contents("one")
    assert contents("two") == first
    config = json.loads(next(text for name, text in first.items() if name.endswith("/config.json")))
    assert config["quantization_config"] == {"quant_method": "fp8"}
    assert (config["num_attention_heads"], config["hidden_size"]) == (12, 12 * config["head_dim"])
    assert json.loads((tiny_model() / "config.json").read_text())["num_attention_heads"] == 4


def test_keys_and_files_are_left_out_and_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    written = {"torch_dtype": None, "rope_scaling.factor": None, "num_hidden_layers": 7}
    made = model_with(written, {"params.json": True, "tokenizer.json": False, "other.json": True})
    config = json.loads((made / "config.json").read_text())
    assert {"torch_dtype", "rope_scaling"}.isdisjoint(config)
    assert json.loads((made / "params.json").read_text())["n_layers"] == config["num_hidden_layers"] == 7
    assert not (made / "tokenizer.json").exists()
    assert (made / "other.json").read_text() == "{}\n"
