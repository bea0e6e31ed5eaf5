"""`check --gpu` and `--env`: what is known of the machine decides what depended on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.cli import main

ASKS_THE_PLATFORM = ["--", "vllm", "serve", "M", "--enable-sleep-mode"]


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    status = main(["check", "--engine", "vllm", "--format", "json", *words])
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    return status, document


def test_a_gpu_decides_what_depends_on_the_platform(capsys: pytest.CaptureFixture[str]) -> None:
    status, unknown = check(capsys, *ASKS_THE_PLATFORM)
    assert (status, unknown["status"]) == (0, "depends")
    status, on_gpu = check(capsys, "--gpu", "H100:8", *ASKS_THE_PLATFORM)
    assert (status, on_gpu["status"]) == (0, "accepted")
    status, on_cpu = check(capsys, "--gpu", "none", *ASKS_THE_PLATFORM)
    assert (status, on_cpu["status"]) == (1, "rejected")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gpu", "H1000:8"], "unknown GPU 'H1000'"),
        (["--gpu", "H100:0"], "asks for no device"),
        (["--gpu", "none", "--platform", "cuda"], "platform is given as cuda and as cpu"),
        (["--env", "VLLM_USE_V1"], "--env takes NAME=VALUE"),
    ],
)
def test_what_is_no_world_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(["check", "--engine", "vllm", *words, *ASKS_THE_PLATFORM]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_a_variable_of_the_engine_is_a_fact_and_one_that_no_rule_asks_for_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, _ = check(capsys, "--env", "NOBODY_ASKS=1", "--gpu", "H100", *ASKS_THE_PLATFORM)
    assert status == 0


def test_a_variable_of_what_adds_to_an_engine_is_read_by_that(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--env", "VLLM_ASCEND_ENABLE_NZ=1", "--env", "VLLM_NO_SUCH=1", "--", "vllm", "serve", "m"]
    assert main(["check", *words]) == 0
    out = capsys.readouterr().out
    assert "VLLM_NO_SUCH" in out
    assert "VLLM_ASCEND" not in out
