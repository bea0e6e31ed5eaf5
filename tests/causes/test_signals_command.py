from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from miners.causes.releases import Releases
from miners.cli import main
from miners.releases.table import FILE
from pytest_llem_invariants.runs.shelf import keep
from tests.causes.test_clusters import DATA, digest_of

VLLM = DATA / "vllm-0.19.1-on-0.32.0.json"
GONE = "TypeError: Cache.__init__() got an unexpected keyword argument 'swap'"


def test_the_causes_of_a_run_are_told_with_a_command_that_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signals", str(VLLM)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("743 divergences of vllm 0.19.1 on 0.32.0 have ")
    assert "55 of 743: PassConfig has no field fuse_gemm_comms " in out
    assert "see one: pytest 'corpora/vllm/history/0.19.1/invariants.proposed.yaml::vllm_" in out
    assert len(out.splitlines()) < 50


def test_json_has_each_cause_with_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signals", str(VLLM), "--format", "json"]) == 1
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert sum(cause["findings"] for cause in data["causes"]) == data["divergences"] == 743
    assert all(cause["rules"] and cause["guards"] for cause in data["causes"])


def test_a_folder_of_results_is_read_run_by_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        keep(digest_of(GONE), tmp_path, 9)
    assert main(["signals", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "Cache has no field swap in 2.0" in out
    assert "retry storm" in out


def test_a_clean_run_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(replace(digest_of(), rules={"demo.Cache": {"r": "confirmed"}}), tmp_path, 9)
    assert main(["signals", str(tmp_path)]) == 0
    assert "clean pass" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [("empty", "replay first: pytest --llem-engine=ENGINE --llem-out="), ("none", "unknown engine"), ("vlm", "vllm")],
)
def test_a_place_without_runs_is_told(name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["signals", name if name == "vlm" else str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err


def test_the_table_of_releases_tells_since_when_and_what_to_write(tmp_path: Path) -> None:
    table = {
        "format": 1,
        "releases": ["1.0", "1.1", "1.2"],
        "gone": [{"names": ["Cache.swap"], "use": ["`offload`"]}],
        "names": {
            "config": {
                "Cache.swap": [["1.0", "1.1", "int", "4", None]],
                "Cache.size": [["1.0", "1.2", "int", "1", None]],
            }
        },
    }
    (tmp_path / FILE).write_text(json.dumps(table))
    releases = Releases.read(tmp_path)
    assert (releases.gone_since("Cache.swap"), releases.instead("Cache.swap")) == ("1.2", "`offload`")
    assert releases.gone_since("Cache.size") is releases.gone_since("Cache.other") is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 2}'])
def test_a_table_of_releases_that_cannot_be_read_tells_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    assert Releases.read(tmp_path).gone_since("Cache.swap") is None
