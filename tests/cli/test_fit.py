"""`fit` and the finding of `check`: figures where model and device are known, one clear line where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_llem_invariants.cli import main

LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_hidden_layers": 32,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
}
SERVE = ["--", "vllm", "serve", "some/model"]


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    return str(tmp_path)


def test_what_does_not_fit_is_told_with_all_figures_and_exit_status_1(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "--model", model, "--gpu", "L4", *SERVE]) == 1
    out = capsys.readouterr().out
    assert "does not fit on 1 GPU of L4" in out
    assert "131,072 bytes a token" in out


def test_json_has_the_figures_in_bytes(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fit", "--model", model, "--gpu", "H100:8", "--format", "json", *SERVE, "-tp", "2"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["gpus"], found["asked_length"]) == ("fits", 2, 131072)
    assert found["cache"]["bytes_per_token"] == 65536
    assert found["weights"]["least"] == found["weights"]["most"]


def test_a_file_is_asked_as_a_command_is(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "serve.yaml").write_text("model: some/model\nmax-model-len: 8192\n")
    assert main(["fit", "--engine", "vllm", "--model", model, "--gpu", "L40S", str(tmp_path / "serve.yaml")]) == 0
    assert "one request of 8,192" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--gpu", "L4", *SERVE], "no model is known"),
        (["--model", "MODEL", *SERVE], "the memory of the device is not known"),
        (["--model", "MODEL", "--gpu", "L4"], "name a file"),
        (["--model", "MODEL", "--gpu", "none", *SERVE], "the memory of the device is not known"),
        (["--model", "MODEL", "--gpu", "L4", *SERVE, "--hf-overrides", '{"a": 1}'], "hf_overrides is given"),
        (["--model", "MODEL", "--gpu", "L4", "--", "vllm", "frobnicate"], "no engine has a command"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_exit_status_2(
    model: str, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", *(model if word == "MODEL" else word for word in more)]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_type_without_laws_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "unheard_of", "hidden_size": 8}')
    assert main(["fit", "--model", str(tmp_path), "--gpu", "L4", *SERVE]) == 2
    assert "no laws of memory for the type of model 'unheard_of'" in capsys.readouterr().err


@pytest.mark.parametrize("value", ['"many"', "-4", "1e400", "[1]", "null", "4000000000000000000000"])
def test_absurd_sizes_are_no_answer_and_no_crash(
    tmp_path: Path, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps({**LLAMA, "hidden_size": "HERE"}).replace('"HERE"', value)
    (tmp_path / "config.json").write_text(text)
    assert main(["fit", "--model", str(tmp_path), "--gpu", "L4", *SERVE]) in (1, 2)
    assert "internal error" not in capsys.readouterr().err


def test_check_finds_what_cannot_fit_and_says_nothing_of_what_is_close(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--model", model, "--gpu", "L4", "--format", "json", *SERVE]) == 1
    (found,) = json.loads(capsys.readouterr().out)["documents"][0]["violations"]
    assert found["rule_id"] == "does_not_fit"
    assert "14.96 GiB of weights and 16.00 GiB of caches for 131,072 tokens" in found["message"]
    for length in ("49152", "8192"):
        assert main(["check", "--model", model, "--gpu", "L4", *SERVE, "--max-model-len", length]) == 0


def test_check_says_nothing_without_model_or_device(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--gpu", "L4", *SERVE]) == 0
    assert main(["check", "--model", model, *SERVE]) == 0
    assert main(["check", "--model", model, "--gpu", "L4", *SERVE, "-tp", "2"]) in (0, 1)
    assert "does not fit" not in capsys.readouterr().out
