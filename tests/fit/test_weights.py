"""Weights: counted on the fullest rank, in the bits of a quantisation, or as the files say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.fit.bits import Bits, quantisation
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.weights import Share, counted, in_files

LAYER = {"family": "l.#", "layers": 4, "at": ["all"], "n": 1}
ENTRY: dict[str, Any] = {
    "defaults": {},
    "items": [
        {**LAYER, "of": "linear", "shape": [100, [[1, "wide/tp"]]], "names": ["self_attn.qkv"]},
        {**LAYER, "of": "experts", "shape": [8, 100, 10], "names": ["mlp.experts"]},
        {**LAYER, "shape": [100], "bytes": 4},
        {"n": 1, "of": "vocabulary", "shape": [1000, 100]},
    ],
}
SIZES = Sizes(ENTRY, {"wide": 400})


def test_each_number_has_its_width_and_a_rank_its_share() -> None:
    whole = 4 * (100 * 400 * 2 + 8000 * 2 + 400) + 200_000
    assert counted(SIZES, Share(), 2, None) == (whole, whole)
    assert counted(SIZES, Share(tensor=4), 2, None).most == whole - 4 * 100 * 300 * 2
    assert counted(SIZES, Share(data=8), 2, None).most == whole - 4 * 7000 * 2


def test_a_stage_has_its_layers_and_perhaps_the_embeddings() -> None:
    found = counted(SIZES, Share(pipeline=2), 2, None)
    layers = 2 * (100 * 400 * 2 + 8000 * 2 + 400)
    assert found == (layers + 100_000, layers + 200_000)


def test_a_quantisation_takes_hold_of_layers_and_experts_and_what_it_keeps_widens_the_bounds() -> None:
    small = 4 * (40_000 + 8000) // 2
    beside = 4 * 400 + 200_000
    assert counted(SIZES, Share(), 2, Bits(4, 4)) == (small + beside, small + beside)
    for names in (("self_attn",), ("layers.0.unheard_of",)):
        assert counted(SIZES, Share(), 2, Bits(4, 4, names)) == (small + beside, 4 * (80_000 + 4000) + beside)
    whole = 2 * 60_000 + 2 * 40_000 // 2 + 4 * 8000 // 2 + 2 * 40_000 // 2 + beside
    found = counted(SIZES, Share(), 2, Bits(4, 4, ("l.0.self_attn.qkv", "l.3.self_attn.qkv")))
    assert found == (whole, whole)


@pytest.mark.parametrize(
    ("said", "asked", "bits"),
    [
        (None, None, None),
        (None, "fp8", 8),
        ({"quant_method": "awq", "bits": 4, "group_size": 128}, None, 4.15625),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, None, 8),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, None, 8.002),
        ({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]}, None, 4.25),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, None, 4.5),
        ({"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 8}}}}, None, 8),
    ],
)
def test_the_bits_of_a_number_are_what_the_files_say(said: Any, asked: str | None, bits: float | None) -> None:
    found = quantisation({} if said is None else {"quantization_config": said}, asked)
    assert (found is None) if bits is None else (found is not None and found.most == pytest.approx(bits, abs=0.001))


def test_layers_with_bits_of_their_own_have_two_bounds() -> None:
    groups = {"a": {"weights": {"num_bits": 4}}, "b": {"weights": {"num_bits": 8}}}
    several = quantisation(
        {"quantization_config": {"quant_method": "compressed-tensors", "config_groups": groups}}, None
    )
    mixed = quantisation({"quantization_config": {"quant_method": "gptq", "bits": 4, "dynamic": {"a": {}}}}, None)
    assert several is not None
    assert (several.least, several.most) == (4, 8)
    assert mixed is not None
    assert (mixed.least, mixed.most) == (2, 4)


@pytest.mark.parametrize("said", [{"quant_method": "new"}, {"quant_method": "awq", "bits": 99}, {"quant_method": 3}])
def test_nothing_is_said_of_an_unknown_quantisation(said: Any) -> None:
    with pytest.raises(UnknownSizeError):
        quantisation({"quantization_config": said}, None)


def test_names_that_are_never_quantised_do_not_widen_the_bounds() -> None:
    said = {"quant_method": "fp8", "modules_to_not_convert": ["lm_head", "model.layers.0.input_layernorm", "mlp.gate"]}
    found = quantisation({"quantization_config": said}, None)
    assert found is not None
    assert counted(SIZES, Share(), 2, found).least == counted(SIZES, Share(), 2, found).most


def test_an_index_or_a_header_says_the_bytes(tmp_path: Path) -> None:
    assert in_files(str(tmp_path), ["config.json"]) is None
    header = json.dumps({"w": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert in_files(str(tmp_path), ["model.safetensors"]) == 8
    (tmp_path / "model.safetensors.index.json").write_text('{"metadata": {"total_size": 123}, "weight_map": {}}')
    assert in_files(str(tmp_path), ["model.safetensors.index.json", "model.safetensors"]) == 123


@pytest.mark.parametrize("content", [b"", b"12", b"\xff" * 20])
def test_a_file_that_is_none_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    assert in_files(str(tmp_path), ["model.safetensors"]) is None
