"""What is mined from the stand-in's source and proven on it decides about configs where nothing of it is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tensorrt.conftest import MINE, SOURCE, Run

Check = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def checked(project: Path, run: Run) -> Check:
    """Mine, discover, prove and compile; then ask the checker about one config."""
    for command in ("build", "discover"):
        done = run(*MINE, command, "tensorrt", *SOURCE, installed=False)
        assert done.returncode == 0, done.stderr
    proven = run("-m", "pytest", "--llem-engine=tensorrt", "-q", "-p", "no:cacheprovider", installed=True)
    assert proven.returncode in (0, 1), proven.stdout[-3000:] + proven.stderr
    compiled = run("-m", "pytest_llem_invariants.cli", "compile", "tensorrt", "--root", str(project), installed=False)
    assert compiled.returncode == 0, compiled.stderr

    def check(config: dict[str, Any]) -> dict[str, Any]:
        file = project / "config.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        command = ("check", str(file), "--engine", "tensorrt", "--root", str(project), "--format", "json")
        done = run("-m", "pytest_llem_invariants.cli", *command, installed=False)
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        (document,) = found["documents"]
        return {**document, "status": done.returncode}

    return check


@pytest.mark.parametrize(
    "config",
    [
        {"tensor_parallel_size": 2, "dtype": "auto", "kv_cache_config": {"tokens_per_block": 64}},
        {"speculative_config": {"decoding_type": "NGram", "max_draft_len": 2, "draft_model_dir": "draft"}},
        {"backend": "tensorrt", "kv_cache_config": {"dtype": "auto"}},
        {"worker_cls": "mine.Worker", "orchestrator_type": "ray", "load_format": "DUMMY"},
        {"_mpi_session": None},
    ],
)
def test_what_the_stand_in_takes_is_accepted(checked: Check, config: dict[str, Any]) -> None:
    document = checked(config)
    assert (document["status"], document["violations"]) == (0, [])


@pytest.mark.parametrize(
    ("config", "field", "message"),
    [
        ({"tensor_parallel_size": 0}, "tensor_parallel_size", "greater than or equal to 1"),
        ({"kv_cache_config": {"tokens_per_block": 33}}, "kv_cache_config.tokens_per_block", "multiple of 2"),
        ({"scheduler_config": {"mode": "fast"}}, "scheduler_config.mode", "'static' or 'inflight'"),
        ({"stream_interval": 0}, "stream_interval", "torch: stream_interval 0 is not positive"),
        ({"worker_cls": "mine.Worker"}, "worker_cls", "is for orchestrator_type='ray' alone"),
        ({"batch_wait_ratio": 1.5}, "batch_wait_ratio", "lies outside [0, 1]"),
        (
            {"speculative_config": {"decoding_type": "Lookahead", "max_window_size": 0}},
            "speculative_config.max_window_size",
            "draft: 0 is no window",
        ),
        ({"max_batchsize": 1}, "max_batchsize", "has no field 'max_batchsize'"),
        ({"mpi_session": 1}, "mpi_session", "has no field 'mpi_session'"),
    ],
)
def test_what_the_stand_in_refuses_is_rejected(
    checked: Check, config: dict[str, Any], field: str, message: str
) -> None:
    document = checked(config)
    assert document["status"] == 1
    (violation,) = [one for one in document["violations"] if one["severity"] == "error"]
    assert field in violation["fields"]
    assert message in violation["message"]


def test_what_the_stand_in_announces_is_a_warning(checked: Check) -> None:
    document = checked({"max_batch_size": 64, "max_num_tokens": 32})
    assert document["status"] == 0
    assert [(one["severity"], one["message"]) for one in document["violations"]] == [
        ("warn", "max_batch_size 64 is above max_num_tokens 32")
    ]


def test_a_verdict_says_that_the_library_was_simulated(checked: Check) -> None:
    assert checked({"stream_interval": 0})["certification"] == "simulated"
