from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from miners.cli import main
from miners.schema.drift import Drift, drift_of
from pytest_llem_invariants.errors import MinerError
from tests.discovery import models

MODELS = "tests.discovery.models"


def drifts(schema: dict[str, Any], model: type, native_type: str | None = None) -> dict[str, Drift]:
    return {drift.model.partition(":")[2]: drift for drift in drift_of(schema, model, native_type)}


def test_a_model_stands_for_the_class_it_shares_most_fields_with(toy_schema: dict[str, Any]) -> None:
    found = drifts(toy_schema, models.Machine)
    assert {name: drift.native_type for name, drift in found.items()} == {
        "Machine": "toyengine.MachineConfig",
        "Inner": "toyengine.InnerConfig",
    }


def test_a_field_the_engine_lacks_comes_with_the_name_that_may_be_meant(toy_schema: dict[str, Any]) -> None:
    found = drifts(toy_schema, models.Machine)
    assert found["Machine"].unknown == {"plian": "plain"}
    assert found["Inner"].unknown == {"colour": None}


def test_a_type_that_admits_more_than_the_engine_takes_disagrees(toy_schema: dict[str, Any]) -> None:
    disagreeing = drifts(toy_schema, models.Machine)["Machine"].disagreeing
    assert [(one.field, one.model, one.engine) for one in disagreeing] == [
        ("half", "float", "int"),
        ("words", "list[str] | None", "tuple[str, ...]"),
    ]


def test_none_for_not_given_and_fewer_choices_are_no_disagreement_but_lost_bounds_are(
    toy_schema: dict[str, Any],
) -> None:
    found = drifts(toy_schema, models.Checked)["Checked"]
    assert [one.field for one in found.disagreeing] == ["ratio", "speed"]


def test_what_the_model_leaves_out_is_listed_and_is_no_drift(toy_schema: dict[str, Any]) -> None:
    found = drifts(toy_schema, models.Inner, "toyengine.InnerConfig")["Inner"]
    assert found.unexposed == ()
    assert "token" in drifts(toy_schema, models.Machine)["Machine"].unexposed


def test_a_model_that_shares_nothing_must_be_told_what_it_stands_for(toy_schema: dict[str, Any]) -> None:
    with pytest.raises(MinerError, match="shares no field"):
        drifts(toy_schema, models.Stranger)
    assert drifts(toy_schema, models.Stranger, "toyengine.Request")["Stranger"].unknown == {"utterly_other": None}
    with pytest.raises(MinerError, match=r"did you mean 'toyengine\.Request'"):
        drifts(toy_schema, models.Stranger, "toyengine.Reqest")


def test_the_command_tells_drift_without_the_engine(
    toy_project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(toy_project)
    command = ["drift", "toy", "--models", f"{MODELS}:Machine"]
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "plian: the engine has no such field; did you mean plain?" in text
    assert "not exposed (" in text
    assert main([*command, "--check"]) == 1
    capsys.readouterr()
    assert main([*command, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["unknown"] == {"plian": "plain"}


def test_the_command_passes_where_nothing_drifted(
    toy_project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "own_models.py").write_text(
        "from pydantic import BaseModel\nclass Mine(BaseModel):\n    top_k: int | None = None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(toy_project)
    assert main(["drift", "toy", "--models", "own_models:Mine=toyengine.Request", "--check"]) == 0


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("Machine", "is not a model"),
        (f"{MODELS}:Gone", "cannot be imported"),
        ("no_such_module:X", "cannot be imported"),
        (f"{MODELS}:Plain", "is not a pydantic model"),
    ],
)
def test_what_is_no_model_is_one_sentence(
    toy_project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model: str, said: str
) -> None:
    monkeypatch.chdir(toy_project)
    assert main(["drift", "toy", "--models", model]) == 2
    assert said in capsys.readouterr().err
