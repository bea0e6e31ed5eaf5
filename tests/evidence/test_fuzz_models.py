"""The fuzz beside published models: what it draws, what it counts, and where it finds their configs."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from miners.cli import main
from miners.discovery.published import published_in
from miners.measure.fuzz import TYPE_CORRECT, FuzzReport
from miners.measure.published import ModelSides, ModelTrial, by_guard, drawn, fuzz_models
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import Kwargs, ObservedException

USUAL = {"tp": [1, 2, 3], "length": [1024, 9999]}
HEADS = {"small": 4, "large": 12}


def raises(folder: str, machine: str, kwargs: Kwargs) -> ObservedException | None:
    """Rejects what does not divide the heads, and more than the machine has."""
    if HEADS[folder] % kwargs.get("tp", 1) or kwargs.get("tp", 1) > int(machine):
        return ObservedException("ValueError", "heads", raised_at="lib/config.py:7")
    return None


def report_of(predicts: object, *, seed: int = 1, workers: int = 1) -> FuzzReport:
    sides = ModelSides(raises, predicts)  # type: ignore[arg-type]
    trial = ModelTrial({name: name for name in HEADS}, USUAL, sides, seed, ("1", "8"))
    return fuzz_models(trial, 400, workers=workers)


def test_who_knows_model_and_machine_misses_nothing_and_rejects_nothing_falsely() -> None:
    report = report_of(lambda *asked: raises(*asked) is not None)
    assert report.recall(TYPE_CORRECT) == 1
    assert not report.false_rejections(TYPE_CORRECT)
    assert [entry.native_type for entry in report.classes] == ["large", "small"]


def test_who_forgets_the_machine_misses_and_who_forgets_the_model_rejects_falsely() -> None:
    report = report_of(lambda folder, machine, kwargs: kwargs.get("tp", 1) == 3)
    large, small = report.classes
    assert 0 < large.recall < 1
    assert large.false_rejections
    assert not small.false_rejections
    assert large.misses[0][1].place == "lib/config.py:7"
    assert "beside 2 models at lib/config.py:7" in by_guard(report)
    assert by_guard(report_of(lambda *asked: True)) == ""


def test_the_report_is_the_same_for_any_number_of_workers_and_another_for_another_seed() -> None:
    def says(folder: str, machine: str, kwargs: Kwargs) -> bool:
        return kwargs.get("tp") == 3

    assert report_of(says, workers=2).to_json() == report_of(says).to_json()
    assert report_of(says, seed=2).to_json() != report_of(says).to_json()


def test_drawn_are_values_that_are_declared_and_sometimes_none_at_all() -> None:
    source = random.Random(3)
    configs = [drawn(source, USUAL) for _ in range(200)]
    assert {} in configs
    assert all(value in USUAL[name] for config in configs for name, value in config.items())
    assert {tuple(sorted(config)) for config in configs} == {(), ("length",), ("length", "tp"), ("tp",)}


def test_a_model_is_a_file_of_its_name_or_a_folder_with_a_config(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps({"model_type": "a"}))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "config.json").write_text(json.dumps({"model_type": "b"}))
    assert {name: config["model_type"] for name, config in published_in(tmp_path).items()} == {"one": "a", "two": "b"}


def test_the_families_that_are_kept_are_many_and_each_names_its_type_and_architecture() -> None:
    kept = published_in(Path(__file__).parents[1] / "worlds" / "families")
    assert len(kept) > 60
    assert len({config["model_type"] for config in kept.values()}) > 40
    assert all(config["architectures"] for config in kept.values())


def test_a_folder_without_configs_and_a_file_that_is_no_json_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LlemError, match=r"no NAME\.json and no NAME/config\.json"):
        published_in(tmp_path)
    (tmp_path / "one.json").write_text("{")
    with pytest.raises(LlemError, match=r"one\.json:1: not JSON"):
        published_in(tmp_path)


def test_options_that_do_not_go_together_are_told_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.json").write_text("{}")
    assert main(["fuzz", "transformers", "--models", str(tmp_path), "--worlds", "2"]) == 2
    assert "--models cannot be combined" in capsys.readouterr().err
