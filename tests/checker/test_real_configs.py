"""The corpora of this repository against configs as people have them: what is valid passes without a word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import load_validated
from tests.checker.test_export import accepts

ROOT = Path(__file__).parents[2]


@pytest.fixture
def transformers(monkeypatch: pytest.MonkeyPatch) -> Checker:
    monkeypatch.chdir(ROOT)
    return Checker.load("transformers")


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> Checker:
    monkeypatch.chdir(ROOT)
    return Checker.load("vllm")


@pytest.fixture
def tensorrt(monkeypatch: pytest.MonkeyPatch) -> Checker:
    monkeypatch.chdir(ROOT)
    return Checker.load("tensorrt")


GENERATION: dict[str, dict[str, Any]] = {
    "a chat model": {
        "bos_token_id": 128000,
        "do_sample": True,
        "eos_token_id": [128001, 128008, 128009],
        "temperature": 0.6,
        "top_p": 0.9,
        "transformers_version": "4.42.3",
    },
    "a chat model with a penalty": {
        "bos_token_id": 151643,
        "pad_token_id": 151643,
        "do_sample": True,
        "eos_token_id": [151645, 151643],
        "repetition_penalty": 1.05,
        "temperature": 0.7,
        "top_p": 0.8,
        "top_k": 20,
        "transformers_version": "4.37.0",
    },
    "a base model": {
        "_from_model_config": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "transformers_version": "4.34.0",
    },
    "a model with its own cache": {
        "_from_model_config": True,
        "bos_token_id": 2,
        "cache_implementation": "hybrid",
        "eos_token_id": [1, 107],
        "pad_token_id": 0,
        "top_k": 64,
        "top_p": 0.95,
        "do_sample": True,
        "transformers_version": "4.50.0.dev0",
    },
    "a summariser": {
        "_from_model_config": True,
        "bos_token_id": 0,
        "decoder_start_token_id": 2,
        "early_stopping": True,
        "eos_token_id": 2,
        "forced_bos_token_id": 0,
        "forced_eos_token_id": 2,
        "length_penalty": 2.0,
        "max_length": 142,
        "min_length": 56,
        "no_repeat_ngram_size": 3,
        "num_beams": 4,
        "pad_token_id": 1,
        "transformers_version": "4.27.0.dev0",
    },
    "a speech model": {
        "alignment_heads": [[5, 3], [5, 9]],
        "begin_suppress_tokens": [220, 50257],
        "bos_token_id": 50257,
        "decoder_start_token_id": 50258,
        "eos_token_id": 50257,
        "forced_decoder_ids": [[1, None], [2, 50359]],
        "is_multilingual": True,
        "lang_to_id": {"<|de|>": 50261, "<|en|>": 50259},
        "max_initial_timestamp_index": 50,
        "max_length": 448,
        "no_timestamps_token_id": 50363,
        "pad_token_id": 50257,
        "prev_sot_token_id": 50361,
        "return_timestamps": False,
        "suppress_tokens": [1, 2, 7, 8, 9],
        "task_to_id": {"transcribe": 50359, "translate": 50358},
        "transformers_version": "4.31.0.dev0",
    },
}
QUANTIZATION: dict[str, dict[str, Any]] = {
    "bitsandbytes": {
        "_load_in_4bit": True,
        "_load_in_8bit": False,
        "bnb_4bit_compute_dtype": "bfloat16",
        "bnb_4bit_quant_storage": "uint8",
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "llm_int8_enable_fp32_cpu_offload": False,
        "llm_int8_has_fp16_weight": False,
        "llm_int8_skip_modules": None,
        "llm_int8_threshold": 6.0,
        "load_in_4bit": True,
        "load_in_8bit": False,
    },
    "gptq": {
        "bits": 4,
        "group_size": 128,
        "damp_percent": 0.01,
        "desc_act": False,
        "static_groups": False,
        "sym": True,
        "true_sequential": True,
        "model_name_or_path": None,
        "model_file_base_name": "model",
    },
    "awq": {"bits": 4, "group_size": 128, "modules_to_not_convert": None, "version": "gemm", "zero_point": True},
    "fp8": {"activation_scheme": "dynamic", "fmt": "e4m3", "weight_block_size": [128, 128]},
    "compressed-tensors": {
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "int"}}},
        "format": "pack-quantized",
        "ignore": ["lm_head"],
        "kv_cache_scheme": None,
        "quantization_status": "compressed",
    },
    "mxfp4": {"modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]},
}
REQUESTS: dict[str, dict[str, Any]] = {
    "chat": {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0.7,
        "top_p": 0.95,
        "max_completion_tokens": 256,
        "n": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": ["###"],
        "presence_penalty": 0,
        "frequency_penalty": 0.5,
        "logprobs": True,
        "top_logprobs": 5,
        "user": "u-1",
        "seed": 42,
    },
    "chat that leaves things open": {
        "model": "m",
        "messages": [],
        "temperature": None,
        "top_p": None,
        "max_tokens": None,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
    },
    "completion": {"model": "m", "prompt": "Once", "max_tokens": 16, "temperature": 0, "echo": False, "logprobs": 5},
    "extras of the engine": {
        "model": "m",
        "messages": [],
        "extra_body": {"top_k": 20, "min_p": 0.05, "repetition_penalty": 1.1, "ignore_eos": True},
        "max_completion_tokens": 256,
        "truncate_prompt_tokens": 1024,
    },
}
SERVE: dict[str, dict[str, Any]] = {
    "the usual": {
        "model": "meta-llama/Llama-3.1-8B-Instruct",
        "host": "127.0.0.1",
        "port": 6379,
        "uvicorn-log-level": "info",
        "tensor-parallel-size": 4,
        "gpu-memory-utilization": 0.9,
        "max-model-len": 8192,
        "max-num-seqs": 256,
        "dtype": "bfloat16",
        "enable-prefix-caching": True,
        "served-model-name": ["llama", "llama-3.1"],
        "trust-remote-code": True,
    },
    "short numbers and nested configs": {
        "model": "m",
        "max-model-len": "32k",
        "max-num-batched-tokens": "8K",
        "compilation-config": {"mode": 3, "cudagraph_capture_sizes": [1, 2, 4, 8]},
        "speculative-config": {"method": "ngram", "num_speculative_tokens": 3, "prompt_lookup_max": 4},
        "quantization": "fp8",
        "kv-cache-dtype": "fp8",
    },
}


@pytest.mark.parametrize("config", GENERATION.values(), ids=GENERATION)
def test_a_generation_config_that_is_valid_passes_without_a_word(transformers: Checker, config: dict[str, Any]) -> None:
    assert transformers.check_config(config).violations == ()


@pytest.mark.parametrize(("method", "config"), QUANTIZATION.items(), ids=QUANTIZATION)
def test_a_quantisation_config_that_is_valid_passes_without_a_word(
    transformers: Checker, method: str, config: dict[str, Any]
) -> None:
    model = {"architectures": ["M"], "hidden_size": 64, "quantization_config": {**config, "quant_method": method}}
    assert transformers.check_config(model).violations == ()


def test_a_quantisation_that_the_library_skips_is_warned_of(transformers: Checker) -> None:
    verdict = transformers.check_config({"architectures": ["M"], "quantization_config": {"quant_method": "modelopt"}})
    assert verdict.ok
    assert [said.message for said in verdict.violations] == [
        "Unknown quantization type, got modelopt: the quantization is skipped"
    ]


@pytest.mark.parametrize("config", REQUESTS.values(), ids=REQUESTS)
def test_a_request_that_is_valid_passes_without_a_word(vllm: Checker, config: dict[str, Any]) -> None:
    verdict = vllm.check_config(config)
    asked = "ChatCompletionRequest" if "messages" in config else "CompletionRequest"
    assert verdict.native_types[0] == f"vllm.entrypoints.{asked}"
    assert verdict.violations == ()


@pytest.mark.parametrize("config", SERVE.values(), ids=SERVE)
def test_a_serve_config_that_is_valid_is_accepted(vllm: Checker, config: dict[str, Any]) -> None:
    verdict = vllm.check_config(config)
    assert verdict.native_types[0] == "vllm.EngineArgs"
    assert verdict.errors == ()


@pytest.mark.parametrize(
    ("engine", "form", "valid", "invalid"),
    [
        ("vllm", "serve", SERVE, {"model": "m", "compilation-config": {"mode": 9}}),
        ("vllm", "request", REQUESTS, {"messages": [], "max_completion_tokens": 0}),
        ("transformers", "GenerationConfig", GENERATION, {"max_new_tokens": 0}),
    ],
)
def test_an_editor_accepts_what_is_valid_by_the_exported_schema(
    engine: str,
    form: str,
    valid: dict[str, dict[str, Any]],
    invalid: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["export", "--engine", engine, "--type", form]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert [name for name, config in valid.items() if not accepts(schema, config)] == []
    assert not accepts(schema, invalid)


@pytest.mark.parametrize(
    "words",
    [
        "vllm serve m --tensor-parallel-size 2 --gpu-memory-utilization 0.9 --port 8000",
        "vllm serve m -tp 2 -pp=1 -O3 --no-enable-prefix-caching --max-model-len auto",
        "vllm serve --model m --compilation-config.mode 3 --compilation-config.cudagraph_capture_sizes+ 1,2,4",
        'vllm serve m --compilation-config {"mode":3} --hf-overrides {"a":1} --enforce-eager',
        "python -m vllm.entrypoints.openai.api_server --model m --served-model-name a b --seed 1",
    ],
)
def test_a_command_line_that_is_valid_is_accepted(vllm: Checker, words: str) -> None:
    assert vllm.check_command(words.split()).errors == ()


@pytest.mark.parametrize(
    ("config", "fields", "message"),
    [
        ({"max_new_tokens": 0}, ("max_new_tokens",), "`max_new_tokens` must be greater than 0, but is 0"),
        ({"early_stopping": "sometimes"}, ("early_stopping",), "must be a boolean or 'never', but is sometimes"),
        ({"cache_implementation": "fast"}, ("cache_implementation",), "Invalid `cache_implementation` (fast)"),
        (
            {"num_return_sequences": 3},
            ("num_return_sequences",),
            "do not support `num_return_sequences` different than 1 (got 3)",
        ),
        (
            {"quantization_config": {"quant_method": "gptq", "bits": 5}},
            ("quantization_config.bits",),
            "Only support quantization to [2,3,4,8] bits but found 5",
        ),
        (
            {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": True}},
            ("quantization_config.load_in_4bit", "quantization_config.load_in_8bit"),
            "load_in_4bit and load_in_8bit are both True",
        ),
    ],
)
def test_transformers_refuses_with_its_own_words(
    transformers: Checker, config: dict[str, Any], fields: tuple[str, ...], message: str
) -> None:
    errors = transformers.check_config(config).errors
    assert any(message in error.message and set(fields) <= set(error.fields) for error in errors), errors


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"messages": [], "temperature": -1}, ("temperature",), "temperature must be non-negative, got -1"),
        ({"messages": [], "top_p": 0}, ("top_p",), "top_p must be in (0, 1], got 0"),
        ({"messages": [], "n": 0}, ("n",), "n must be at least 1, got 0"),
        ({"messages": [], "extra_body": {"min_p": 2}}, ("extra_body", "min_p"), "min_p must be in [0, 1], got 2"),
        (
            {"model": "m", "compilation-config": {"cudagraph_mod": 1}},
            ("compilation-config", "cudagraph_mod"),
            "CompilationConfig of vllm",
        ),
        (
            {"model": "m", "tensor-paralel-size": 2},
            ("tensor-paralel-size",),
            "EngineArgs of vllm",
        ),
    ],
)
def test_vllm_refuses_with_its_own_words(
    vllm: Checker, config: dict[str, Any], path: tuple[str, ...], message: str
) -> None:
    errors = vllm.check_config(config).errors
    assert [error.message for error in errors if error.path == path and message in error.message], errors


@pytest.mark.parametrize(
    ("words", "field", "message"),
    [
        ("-tp 0", "-tp", "Input should be greater than or equal to 1"),
        ("--pipeline-parallel-size=0", "--pipeline-parallel-size", "Input should be greater than or equal to 1"),
        ("--gpu-memory-utilization 1.5", "--gpu-memory-utilization", "Input should be less than or equal to 1"),
        ("--max-num-seqs 0", "--max-num-seqs", "Input should be greater than or equal to 1"),
        (
            "--max-num-batched-tokens 16 --max-num-seqs 256",
            "--max-num-seqs",
            "must be greater than or equal to max_num_seqs (256)",
        ),
        ("--max-model-len -5", "--max-model-len", "Input should be greater than or equal to -1"),
        ("--block-size 0", "--block-size", "Input should be greater than 0"),
        ("--dtype int8", "--dtype", "argument --dtype: invalid choice: 'int8' (choose from 'auto',"),
        ("--runner nope", "--runner", "invalid choice: 'nope' (choose from 'auto', 'draft', 'generate', 'pooling')"),
        ("--scheduling-policy lifo", "--scheduling-policy", "invalid choice: 'lifo' (choose from 'fcfs', 'priority')"),
        ("--cpu-offload-gb -1", "--cpu-offload-gb", "Input should be greater than or equal to 0"),
        ("--stream-interval 0", "--stream-interval", "Input should be greater than or equal to 1"),
        ("--node-rank=-1", "--node-rank", "Input should be greater than or equal to 0"),
        ("-dcp 3 -tp 2", "-dcp", "must be divisible by dcp_size=3"),
        ("-O9", "-O9", "Input should be 0, 1, 2 or 3"),
        ("--compilation-config.mode 9", "--compilation-config.mode", "Input should be 0, 1, 2 or 3"),
        (
            '--structured-outputs-config {"backend":"nope"}',
            "--structured-outputs-config.backend",
            "Input should be 'auto', 'xgrammar'",
        ),
        ("--swap-space 4", "--swap-space", "--swap-space is gone since vllm 0.18.0"),
        ("--tensor-paralel-size 2", "--tensor-paralel-size", "has no field 'tensor_paralel_size'"),
    ],
)
def test_a_flag_of_vllm_serve_is_judged_by_the_engines_own_arguments(
    vllm: Checker, words: str, field: str, message: str
) -> None:
    errors = vllm.check_command(["vllm", "serve", "m", *words.split()]).errors
    assert any(field in error.fields and message in error.message for error in errors), errors


def test_a_field_that_the_server_would_rather_not_see_is_told_with_the_one_that_its_note_names(vllm: Checker) -> None:
    (warning,) = vllm.check_config({"model": "m", "messages": [], "max_tokens": 9}).violations
    assert (warning.rule_id, warning.severity) == ("deprecated_field", "warn")
    assert warning.suggestion == "use max_completion_tokens instead"


def test_an_unknown_method_of_quantisation_is_passed_over_with_one_kind_of_checkpoint(vllm: Checker) -> None:
    words = ["vllm", "serve", "m", "--quantization", "nope"]
    assert vllm.check_command(words).status == "depends"
    plain = World(facts={"model.arch.quantization": None})
    (error,) = vllm.check_command(words, world=plain).errors
    assert error.message.startswith("Unknown quantization method: nope")
    rounded = World(facts={"model.arch.quantization": "auto-round"})
    assert vllm.check_command(words, world=rounded).ok


def test_no_message_shows_a_raw_hole(transformers: Checker, vllm: Checker) -> None:
    for checker in (transformers, vllm):
        for rule in checker.rules:
            fixed = "".join(piece for piece in rule.get("words", ()) if isinstance(piece, str))
            assert "{…}" not in fixed, rule["id"]
            assert fixed.strip(" …") or not rule.get("words"), rule["id"]


@pytest.mark.parametrize("engine", ["transformers", "vllm"])
def test_every_example_of_every_rule_is_judged_as_it_was_proven(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The routes, the generated code and the nested classes say of each example what the live library said."""
    monkeypatch.chdir(ROOT)
    checker = Checker.load(engine)
    for rule in checker.rules:
        if "examples" not in rule or rule.get("context"):
            continue
        positive, negative = rule["examples"]
        told = [violation.rule_id for violation in checker.check(rule["type"], positive).violations]
        assert rule["id"] in told, rule["id"]
        told = [violation.rule_id for violation in checker.check(rule["type"], negative).violations]
        assert rule["id"] not in told, rule["id"]


@pytest.mark.parametrize("engine", ["transformers", "vllm"])
def test_a_message_with_the_examples_values_is_what_the_library_said(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for what the library makes of a value before it shows it: one in a hundred."""
    monkeypatch.chdir(ROOT)
    checker = Checker.load(engine)
    cases = load_validated(ROOT / "corpora" / engine / "invariants.validated.yaml").cases
    said = {case.id: case.observed_exception.message for case in cases if case.observed_exception is not None}
    told, strange = 0, []
    for rule in checker.rules:
        if "words" not in rule or "examples" not in rule or rule.get("context") or rule["id"] not in said:
            continue
        for violation in checker.check(rule["type"], rule["examples"][0]).violations:
            if violation.rule_id == rule["id"]:
                told += 1
                if not _is_said(violation.message, said[rule["id"]]):
                    strange.append((violation.message, said[rule["id"]]))
    assert told > 100
    assert len(strange) <= told // 100, strange


def _is_said(message: str, said: str) -> bool:
    """Whether the fixed text of a message, after the field that it is about, stands in what was said, in order."""
    parts = re.sub(r"\A[\w.]+: ", "", message).split("…")
    pattern = ".*".join(r"\s+".join(map(re.escape, part.split())) for part in parts)
    return re.search(pattern, said, re.DOTALL) is not None


LLM_ARGS: dict[str, dict[str, Any]] = {
    "the usual": {
        "backend": "pytorch",
        "tensor_parallel_size": 2,
        "max_batch_size": 64,
        "kv_cache_config": {"free_gpu_memory_fraction": 0.85, "enable_block_reuse": True},
        "cuda_graph_config": {"batch_sizes": [1, 2, 4], "enable_padding": True},
    },
    "drafting": {
        "speculative_config": {"decoding_type": "NGram", "max_draft_len": 4, "max_matching_ngram_size": 2},
        "scheduler_config": {"capacity_scheduler_policy": "GUARANTEED_NO_EVICT"},
    },
}


@pytest.mark.parametrize("config", LLM_ARGS.values(), ids=LLM_ARGS)
def test_llm_args_that_are_valid_are_accepted_and_say_that_nothing_was_proven(
    tensorrt: Checker, config: dict[str, Any]
) -> None:
    verdict = tensorrt.check_config(config)
    assert verdict.errors == ()
    assert (verdict.certification, verdict.certified) == ("none", False)


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"kv_cache_config": {"free_gpu_memory_fraction": 1.5}}, ("kv_cache_config", "free_gpu_memory_fraction")),
        ({"messages": [], "temperature": -1}, ("temperature",)),
        ({"speculative_config": {"decoding_type": "AUTO", "acceptance_window": -1}}, None),
    ],
)
def test_what_was_never_proven_rejects_and_says_so(
    tensorrt: Checker, config: dict[str, Any], path: tuple[str, ...] | None
) -> None:
    (error,) = tensorrt.check_config(config).errors
    assert error.path == (path or ("speculative_config", "acceptance_window"))
    assert error.certification == "none"
    assert str(error.guard).startswith("tensorrt_llm/")


def test_require_certified_fails_a_pass_that_nothing_proves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "args.yaml"
    file.write_text("backend: pytorch\nmax_batch_size: 64\n")
    assert main(["check", "--engine", "tensorrt", str(file)]) == 0
    assert main(["check", "--engine", "tensorrt", "--require-certified", str(file)]) == 1
    assert "no rule used for this answer was ever proven" in capsys.readouterr().out


def test_a_field_that_takes_a_plain_mapping_too_is_not_looked_into() -> None:
    assert Checker.load("vllm").check("vllm.config.ModelConfig", {"quantization_config": {"group_size_of_mine": 5}}).ok
