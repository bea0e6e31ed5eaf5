"""Verdicts: only what weights and caches alone make too large does not fit."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.fit.answer import CLOSE, FITS, TOO_LARGE, Answer, Device, Question, answer
from pytest_llem_invariants.fit.bits import quantisation
from pytest_llem_invariants.fit.estimate import GIB
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.settings import Settings, settings_of
from pytest_llem_invariants.fit.store import laws_of
from pytest_llem_invariants.fit.telling import as_dict, summary, told
from pytest_llem_invariants.fit.weights import Share, counted

ROOT = Path(__file__).parents[2]
LAWS = str(ROOT / "corpora/vllm/memory.discovered.json")
HERE = Path(__file__).parent
PUBLISHED: dict[str, Any] = json.loads((HERE / "published.json").read_text(encoding="utf-8"))
REPORTS: list[dict[str, Any]] = json.loads((HERE / "reports.json").read_text(encoding="utf-8"))
WORKS: list[dict[str, Any]] = json.loads((HERE / "works.json").read_text(encoding="utf-8"))
TOTALS: list[dict[str, Any]] = json.loads((HERE / "totals.json").read_text(encoding="utf-8"))
ALONE = Settings()
ORDER = {TOO_LARGE: 0, CLOSE: 1, FITS: 2}


def asked(
    name: str, device: Device, settings: Settings = ALONE, *, length: int | None = 4096, share: float = 0.9
) -> Answer:
    config = PUBLISHED[name]["config"]
    found = laws_of(LAWS, config)
    assert found is not None
    return answer(Question(found[1], config, settings, device, share, length))


def test_a_model_whose_length_is_not_known_is_close_and_does_not_fit_for_sure() -> None:
    found = asked("llama-3.1-8b", Device(80 * GIB), length=None)
    assert next(told(found, "H100")) == "close on 1 GPU of H100: how long a request may be is not known"
    assert asked("llama-3.1-8b", Device(80 * GIB), Settings(shortened=True), length=None).verdict == FITS


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_published_model_has_as_many_parameters_as_its_card_says(name: str) -> None:
    found = laws_of(LAWS, PUBLISHED[name]["config"])
    assert found is not None
    total = 0
    for part in Sizes(found[1], PUBLISHED[name]["config"]).tensors(1):
        product = part.item["n"]
        for one in part.sizes:
            product *= one
        total += product
    assert abs(total / PUBLISHED[name]["parameters"] - 1) < 0.01


@pytest.mark.parametrize("told", TOTALS, ids=[f"{row['model']} {row['bytes']}" for row in TOTALS])
def test_weights_are_within_one_percent_of_the_size_that_is_published(told: dict[str, Any]) -> None:
    config = dict(PUBLISHED[told["model"]]["config"])
    if told["quantization_config"] != "own":
        config["quantization_config"] = told["quantization_config"]
    found = laws_of(LAWS, config)
    assert found is not None
    weights = counted(Sizes(found[1], config), Share(), 2, quantisation(config, None))
    assert weights.least == weights.most
    assert weights.most == pytest.approx(told["bytes"], rel=0.01)


@pytest.mark.parametrize(
    ("name", "gpus", "measured"),
    [
        ("llama-3.1-8b", 1, 14.9889),  # vllm-project/vllm pull request 17122
        ("llama-3.1-8b", 2, 7.48),  # vllm-project/vllm pull request 10511, of Llama 3 8B
        ("qwen3-30b-a3b", 4, 14.2474),  # vllm-project/vllm issue 17327
    ],
)
def test_the_weights_of_a_rank_are_those_that_an_engine_measured(name: str, gpus: int, measured: float) -> None:
    found = asked(name, Device(80 * GIB, 8), Settings(tensor=gpus)).weights
    assert found.least == found.most
    assert found.most / GIB == pytest.approx(measured, rel=0.01)


@pytest.mark.parametrize(
    "told", REPORTS, ids=[f"{row['model']} on {row['card']} {row['source'][-9:]}" for row in REPORTS]
)
def test_what_people_could_not_start_does_not_fit_or_is_close(told: dict[str, Any]) -> None:
    """Each published report: the verdict, and what the engine said of its memory is between our bounds."""
    config = PUBLISHED[told["model"]]["config"]
    laws = laws_of(LAWS, config)
    assert laws is not None
    device = Device(told["gib"] * GIB, told["devices"])
    found = answer(Question(laws[1], config, Settings(**told["settings"]), device, 0.92, told["length"]))
    assert found.verdict in (TOO_LARGE, CLOSE)
    for name, bounds, unit in (("left", found.left, GIB), ("longest", found.longest, 1), ("blocks", found.blocks, 1)):
        if name in told:
            assert bounds.least / unit <= told[name] <= bounds.most / unit
    if "needed" in told:  # of all stages
        assert found.needed.most * told["settings"].get("pipeline", 1) / GIB == pytest.approx(told["needed"], abs=0.01)
    if "weights" in told:
        assert found.weights.most / GIB == pytest.approx(told["weights"], rel=0.01)


@pytest.mark.parametrize("told", WORKS, ids=[f"{row['model']} on {row['devices']} {row['card']}" for row in WORKS])
def test_what_people_run_is_not_said_not_to_fit(told: dict[str, Any]) -> None:
    """Files that people keep, which name a model, a card, and how they run it."""
    config = PUBLISHED[told["model"]]["config"]
    laws = laws_of(LAWS, config)
    assert laws is not None
    device = Device(told["gib"] * GIB, told["devices"])
    found = answer(Question(laws[1], config, Settings(**told["settings"]), device, 0.92, told["length"]))
    assert found.verdict in (FITS, CLOSE)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 200_000))
def test_more_memory_never_makes_it_worse(one: int, other: int, length: int) -> None:
    small, large = sorted((one, other))
    verdicts = [asked("llama-3.1-8b", Device(size * GIB, 1), length=length).verdict for size in (small, large)]
    assert ORDER[verdicts[0]] <= ORDER[verdicts[1]] or large >= 70 > small


def test_an_answer_takes_less_than_a_tenth_of_a_second() -> None:
    asked("deepseek-v3", Device(80 * GIB, 8), Settings(tensor=8))
    started = time.process_time()
    asked("deepseek-v3", Device(80 * GIB, 8), Settings(tensor=8))
    assert time.process_time() - started < 0.1


def test_what_is_told_has_the_figures() -> None:
    found = asked("llama-3.1-8b", Device(24 * GIB, 1), length=131072)
    text = "\n".join(told(found, "L4"))
    assert "does not fit on 1 GPU of L4" in text
    assert "131,072 bytes a token" in text
    assert "14.96 GiB of weights and 16.00 GiB of caches for 131,072 tokens" in summary(found)
    assert as_dict(found)["cache"]["bytes_per_token"] == 131072


def test_what_takes_more_and_is_not_counted_is_never_said_to_fit() -> None:
    assert asked("llama-3.1-8b", Device(80 * GIB, 1)).verdict == FITS
    assert asked("llama-3.1-8b", Device(80 * GIB, 1), Settings(more=("enable_lora",))).verdict == CLOSE


DECLARED = {
    "fields": {"tensor": "tp", "length": "max_len", "cache_dtype": "kv", "dtype": "dtype", "utilization": "share"},
    "unsaid": ["overrides"],
    "narrowed": ["text_only"],
    "more": ["lora"],
    "widths": {"fp8": 1},
}


def test_settings_are_read_by_the_fields_that_are_declared() -> None:
    found = settings_of({"tp": 2, "max_len": -1, "kv": "fp8", "dtype": "float32", "lora": True}, DECLARED)
    assert (found.tensor, found.length, found.cache_width, found.width, found.more) == (2, None, 1, 4, ("lora",))


@pytest.mark.parametrize(
    "given_", [{"tp": 0}, {"tp": "2"}, {"kv": "int3"}, {"dtype": "odd"}, {"share": 2}, {"overrides": {"a": 1}}]
)
def test_settings_that_are_not_understood_are_unknown(given_: dict[str, Any]) -> None:
    with pytest.raises(UnknownSizeError):
        settings_of(given_, DECLARED)


def test_a_type_of_another_name_has_the_laws_of_its_architecture_and_no_defaults() -> None:
    config = {**PUBLISHED["deepseek-v3"]["config"], "model_type": "a_type_of_today"}
    found = laws_of(LAWS, config)
    assert found is not None
    Sizes(found[1], config)
    del config["kv_lora_rank"]
    with pytest.raises(UnknownSizeError):
        Sizes(found[1], config)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"model_types": {\n  "llama": {broken\n }}', '{"model_types": {\n  "llama": {"items": 3}\n }}']
)
def test_a_file_of_laws_that_is_broken_is_one_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "memory.discovered.json"
    path.write_text(text)
    with pytest.raises(CorpusError, match="llem-mine memory"):
        laws_of(str(path), {"model_type": "llama"})


def test_without_laws_nothing_is_known(tmp_path: Path) -> None:
    assert laws_of(str(tmp_path / "none.json"), {"model_type": "llama"}) is None
    assert laws_of(LAWS, {"model_type": "no such type"}) is None
