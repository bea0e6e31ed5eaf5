"""What is told of options that went, moved, were merged or turned round: the right successor, and never a wrong one."""

from __future__ import annotations

import shlex

import pytest

from pytest_llem_invariants.checker import Checker

GONE = (
    "--swap-space 4",
    "--task embed",
    "--num-scheduler-steps 8",
    "--use-v2-block-manager",
    "--enable-reasoning",
    "--enable-prompt-adapter",
    "--disable-async-output-proc",
    "--max-seq-len-to-capture 8192",
    "--preemption-mode swap",
    "--guided-decoding-backend xgrammar",
    "--num-lookahead-slots 2",
    "--cuda-graph-sizes 1",
    "--disable-mm-preprocessor-cache",
    "--logits-processor-pattern a",
    "--speculative-model x",
    "--num-speculative-tokens 5",
    "--calculate-kv-scales",
    "--max-num-partial-prefills 2",
)
KEPT = (
    "--no-enable-prefix-caching",
    "--disable-log-stats",
    "--return-tokens-as-token-ids",
    "--disable-uvicorn-access-log",
    "--enable-server-load-tracking",
    "--mm-processor-cache-gb 4",
    "--async-scheduling",
    "--scheduling-policy priority",
    "--kv-cache-dtype fp8_e5m2",
)


@pytest.fixture(scope="module")
def newest() -> Checker:
    return Checker.load("vllm", version="0.33.0")


@pytest.mark.parametrize("option", GONE)
def test_an_option_that_went_is_told_with_when_and_what_to_do(newest: Checker, option: str) -> None:
    (error, *_) = newest.check_command(["vllm", "serve", "m", *shlex.split(option)]).errors
    assert f"{option.split()[0]} is gone since vllm 0." in error.message
    assert error.suggestion.startswith(("leave it out: ", "use --"))
    assert "did you mean" not in error.suggestion


@pytest.mark.parametrize("option", KEPT)
def test_an_option_that_stayed_is_not_spoken_of(newest: Checker, option: str) -> None:
    verdict = newest.check_command(["vllm", "serve", "m", *shlex.split(option)])
    assert not [one for one in verdict.violations if option.split()[0] in one.fields]


def test_an_option_named_to_a_class_is_told_with_the_name_of_its_argument() -> None:
    vllm = Checker.load("vllm")
    (error,) = vllm.check_config({"model": "m", "compilation-config": {"mode": 3}}, form="llm").errors
    assert error.suggestion == "did you mean compilation_config?"


MOVED = {
    "0.33.0": {
        "--eplb-window-size 100": "use --eplb-config.window_size",
        "--num-redundant-experts 32": "use --eplb-config.num_redundant_experts",
        "--override-pooler-config {}": "use --pooler-config",
        "--rope-theta 10000": "use --hf-overrides",
        "--guided-decoding-disable-any-whitespace": "use --structured-outputs-config.disable_any_whitespace",
        "--ngram-prompt-lookup-max 4": "use --speculative-config.prompt_lookup_max",
        "--enable-multimodal-encoder-data-parallel": "use --mm-encoder-tp-mode data",
        "--disable-frontend-multiprocessing": "leave it out: nothing changes",
        "--scheduler-delay-factor 0.5": "leave it out: prompts are scheduled without a delay",
        "--lora-extra-vocab-size 256": "leave it out: adapters without added tokens work as before",
        "--enable-mamba-fine-grained-prefix-cache": "use --enable-mamba-shared-prefix-checkpoint",
        "--use-gpu-for-pooling-score": "leave it out: scores are computed on the GPU",
        "--enable-bf16x3-router-gemm": "leave it out: it is on where it fits",
        "--max-long-partial-prefills 1": "leave it out: nothing changes",
        "--override-attention-dtype float16": "leave it out: attention runs in the model's type",
        "--expand-tools-even-if-tool-choice-none": "leave it out: tool definitions are in the prompt",
    },
    "0.19.1": {
        "--task classify": "use --runner generate|pooling and --convert",
        "--speculative-model x": "use --speculative-config.model",
        "--spec-method ngram": "use --speculative-config.method instead",
        "--spec-tokens 3": "use --speculative-config.num_speculative_tokens instead",
        "--device-memory-utilization 0.9": "use --gpu-memory-utilization instead",
        "--log-level DEBUG": "use VLLM_LOGGING_LEVEL in the environment",
        "--mm-hasher-algorithm sha256": "use VLLM_MM_HASHER_ALGORITHM instead",
        "--max-num-scheduled-tokens 64": "use --max-num-batched-tokens",
        "--max-seq-len-to-capture 8192": "leave it out: graphs are used whatever the sequence's length",
        "--num-scheduler-steps 8": "leave it out: each step is scheduled by itself",
        "--eplb-step-interval 10": "use --eplb-config.step_interval",
        "--disable-mm-preprocessor-cache": "use --mm-processor-cache-gb 0",
        "--swap-space 4": "leave it out: nothing changes",
        "--device-ids 0,1": "name the devices in CUDA_VISIBLE_DEVICES",
        "--linear-backend marlin": "use VLLM_NVFP4_GEMM_BACKEND or VLLM_TEST_FORCE_FP8_MARLIN",
        "--monokernel": "leave it out",
    },
    "0.11.0": {
        "--attention-backend FLASHINFER": "use VLLM_ATTENTION_BACKEND instead",
        "--all2all-backend pplx": "use VLLM_ALL2ALL_BACKEND instead",
        "--cudagraph-capture-sizes 1 2": "use --cuda-graph-sizes instead",
        "--optimization-level 2": "use --compilation-config.level instead",
        "--language-model-only": "use --limit-mm-per-prompt with 0 for each modality",
        "--default-chat-template-kwargs {}": "give chat_template_kwargs in each request",
        "--data-parallel-external-lb": "leave it out: where --data-parallel-rank is given it is on",
        "--disable-nccl-for-dp-synchronization": "use VLLM_DISABLE_NCCL_FOR_DP_SYNCHRONIZATION instead",
        "--offload-group-size 4": "use --cpu-offload-gb",
        "--spec-model x": "use --speculative-config.model instead",
        "--moe-backend marlin": "use VLLM_FLASHINFER_MOE_BACKEND or VLLM_MXFP4_USE_MARLIN",
        "--preemption-mode swap": "leave it out: preempted requests are recomputed",
        "--enable-reasoning": "use --reasoning-parser NAME alone",
        "--tokenizer-pool-size 2": "leave it out: nothing changes",
        "--enable-prompt-adapter": "leave it out: prompt adapters are not served",
        "--profiler-config {}": "use VLLM_TORCH_PROFILER_DIR in the environment",
    },
}
UNMOVED = {
    "0.19.1": ("--no-enable-log-requests", "--calculate-kv-scales", "--structured-outputs-config.backend auto"),
    "0.11.0": (
        "--swap-space 4",
        "--task embed",
        "--guided-decoding-backend xgrammar",
        "--rope-theta 10000",
        "--num-lookahead-slots 2",
        "--cuda-graph-sizes 1 2",
        "--disable-log-requests",
        "--runner pooling",
        "--enable-lora-bias",
    ),
}


@pytest.mark.parametrize(
    ("version", "line", "fix"),
    [(version, line, fix) for version, lines in MOVED.items() for line, fix in lines.items()],
)
def test_what_is_told_of_an_option_is_there_in_the_version_asked_for(version: str, line: str, fix: str) -> None:
    errors = Checker.load("vllm", version=version).check_command(["vllm", "serve", "m", *shlex.split(line)]).errors
    assert errors
    assert errors[0].suggestion.startswith(fix), errors[0].suggestion


@pytest.mark.parametrize(("version", "line"), [(version, line) for version, lines in UNMOVED.items() for line in lines])
def test_an_option_that_a_version_still_has_is_not_spoken_of_there(version: str, line: str) -> None:
    verdict = Checker.load("vllm", version=version).check_command(["vllm", "serve", "m", *shlex.split(line)])
    assert not [one for one in verdict.errors if line.split()[0] in one.fields]
