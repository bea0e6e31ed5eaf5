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


GRID = "tensor_parallel_size: [1, 2]\nmax_model_len: [8192, 131072]\nseed: [0, 1, 2]\n"


def test_sweep_leaves_out_what_cannot_fit_and_says_of_the_rest_whether_it_does(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "grid.yaml").write_text(GRID)
    command = ["sweep", "--engine", "vllm", "--model", model, "--gpu", "L4:2", "--format", "json"]
    assert main([*command, str(tmp_path / "grid.yaml")]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    asked = {(one["tensor_parallel_size"], one["max_model_len"]): one["fit"] for one in found}
    assert asked == {(1, 8192): "close", (2, 8192): "fits", (2, 131072): "close"}
    assert main([*command, "--count", str(tmp_path / "grid.yaml")]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["valid"], counts["fit"], counts["pruned_by"]) == (9, {"close": 6, "fits": 3}, {"does_not_fit": 3})


@pytest.mark.parametrize("left_out", [["--model", "MODEL"], ["--gpu", "L4"]])
def test_sweep_says_nothing_of_memory_without_model_or_device(
    model: str, tmp_path: Path, left_out: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "grid.yaml").write_text(GRID)
    given = [model if word == "MODEL" else word for word in left_out]
    assert main(["sweep", "--engine", "vllm", *given, str(tmp_path / "grid.yaml"), "--count"]) == 0
    assert "memory" not in capsys.readouterr().out


def test_the_smallest_parallelism_is_one_that_the_engine_takes(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    odd = {**LLAMA, "num_attention_heads": 28, "num_key_value_heads": 4, "hidden_size": 3584, "head_dim": 128}
    (Path(model) / "config.json").write_text(json.dumps({**odd, "num_hidden_layers": 400}))
    main(["fit", "--model", model, "--gpu", "H100:8", "--format", "json", *SERVE, "--max-model-len", "128"])
    assert json.loads(capsys.readouterr().out)["smallest_tensor_parallel"] == 4
    (Path(model) / "config.json").write_text(json.dumps({**odd, "num_hidden_layers": 900}))
    main(["fit", "--model", model, "--gpu", "H100:8", "--format", "json", *SERVE, "--max-model-len", "128"])
    assert json.loads(capsys.readouterr().out)["smallest_tensor_parallel"] is None


HYBRID = json.loads((Path(__file__).parents[1] / "fit/published.json").read_text(encoding="utf-8"))["qwen3.5-27b-fp8"]


@pytest.mark.parametrize(("requests", "said"), [("1024", True), ("996", False), (None, False)])
def test_check_warns_of_more_requests_than_there_are_blocks_for_their_states(
    tmp_path: Path, requests: str | None, said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(HYBRID["config"]))
    more = ["--gpu-memory-utilization", "0.95", *(["--max-num-seqs", requests] if requests else [])]
    assert main(["check", "--model", str(tmp_path), "--gpu", "H100", "--format", "json", *SERVE, *more]) == 0
    found = [one["rule_id"] for one in json.loads(capsys.readouterr().out)["documents"][0]["violations"]]
    assert ("too_many_states" in found) is said


def test_fit_tells_how_many_requests_the_states_leave_room_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(HYBRID["config"]))
    assert main(["fit", "--model", str(tmp_path), "--gpu", "H100", *SERVE, "--max-num-seqs", "1024"]) == 0
    out = capsys.readouterr().out
    assert "close on 1 GPU" in out
    assert "states: 1,024 requests at once, each in a block — too many: lower max_num_seqs to" in out


@pytest.mark.parametrize(
    ("engine", "text", "told"),
    [
        (
            "transformers",
            "max_length: 8192\ndtype: bfloat16\n",
            ["14.96 GiB", "fits on 1 GPU", "131,072 bytes a token"],
        ),
        ("transformers", "max_length: 8192\ndtype: float32\n", ["29.92 GiB", "does not fit"]),
        (
            "transformers",
            "max_length: 64\nquantization_config: {load_in_4bit: true, quant_method: bitsandbytes}\n",
            ["fits"],
        ),
        ("transformers", "max_length: 64\ndtype: float32\ndevice_map: auto\n", ["on 2 GPUs", "14.96 GiB"]),
        ("tensorrt", "max_seq_len: 8192\ntensor_parallel_size: 2\n", ["7.48 GiB", "32 tokens", "of another engine"]),
    ],
)
def test_other_engines_are_asked_by_the_same_laws_in_words_of_their_own(
    model: str, tmp_path: Path, engine: str, text: str, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "load.yaml").write_text(text)
    main(["fit", "--engine", engine, "--model", model, "--gpu", "L4:2", str(tmp_path / "load.yaml")])
    out = capsys.readouterr().out
    for words in told:
        assert words in out


def test_nothing_is_said_of_a_model_that_another_file_quantises(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    (Path(model) / "hf_quant_config.json").write_text('{"quantization": {"quant_algo": "NVFP4"}}')
    assert main(["fit", "--model", model, "--gpu", "L4", *SERVE]) == 2
    assert "hf_quant_config.json says how the model is quantised" in capsys.readouterr().err
    assert main(["check", "--model", model, "--gpu", "L4", *SERVE]) == 0
