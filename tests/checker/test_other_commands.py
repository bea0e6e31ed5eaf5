"""The lines of commands that have a parser of their own: benchmarks and batches."""

from __future__ import annotations

import shlex

import pytest

from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.checker.routes import RoutingError
from pytest_llem_invariants.ssot import load_ssot

VERSIONS = load_ssot("vllm").history
TAKEN = (
    "vllm bench serve --model m --dataset-name random --num-prompts 100 --request-rate inf",
    "vllm bench throughput --model m --input-len 128 --output-len 128 --num-prompts 10",
    "vllm bench latency --model m --batch-size 8 --enforce-eager",
    "vllm run-batch -i a.jsonl -o b.jsonl --model m",
    "python -m vllm.entrypoints.openai.run_batch -i a.jsonl -o b.jsonl --model m --max-num-seqs 8",
)


@pytest.fixture(scope="module", params=VERSIONS)
def checker(request: pytest.FixtureRequest) -> Checker:
    return Checker.load("vllm", version=request.param)


@pytest.mark.parametrize("line", TAKEN)
def test_a_line_that_the_parser_takes_is_not_rejected(checker: Checker, line: str) -> None:
    assert checker.check_command(shlex.split(line)).errors == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("vllm bench serve --model m --num-prompts many", "argument --num-prompts: invalid int value: 'many'"),
        ("vllm bench serve --model m --tensor-parallel-size 2", "unrecognized arguments: --tensor-parallel-size"),
        ("vllm bench throughput --model m --tensor-parallel-size x", "invalid int value: 'x'"),
        ("vllm bench latency --model m --dataset-name random", "unrecognized arguments: --dataset-name"),
        ("vllm run-batch -i a -o b --model m --num-prompts 3", "unrecognized arguments: --num-prompts"),
    ],
)
def test_each_is_told_by_its_own_parser_and_what_builds_an_engine_by_its_rules(
    checker: Checker, line: str, said: str
) -> None:
    (error,) = checker.check_command(shlex.split(line)).errors
    assert said in error.message


def test_a_slip_is_told_from_the_options_of_the_command_and_a_lost_option_with_its_fate() -> None:
    newest = Checker.load("vllm", version="0.33.0")
    (slip,) = newest.check_command(shlex.split("vllm bench serve --model m --datasetname random")).errors
    assert slip.suggestion == "did you mean --dataset-name?"
    (lost,) = newest.check_command(shlex.split("vllm bench latency --model m --swap-space 4")).errors
    assert lost.suggestion.startswith("--swap-space is gone since vllm 0.18.0")


def test_a_config_file_of_a_benchmark_is_refused_as_its_words_stand_before_its_name() -> None:
    newest = Checker.load("vllm")
    words = shlex.split("vllm bench latency --model m --config bench.yaml")
    (error,) = newest.check_command(words, read=lambda name: {"enforce-eager": True, "input-len": 8}).errors
    assert error.message.startswith("unrecognized arguments: --enforce-eager")
    assert error.fields == ("--config",)
    assert newest.check_command(words, read=lambda name: {"enforce-eager": False}).errors == ()
    batch = shlex.split("vllm run-batch -i a -o b --model m --config batch.yaml")
    assert newest.check_command(batch, read=lambda name: {"max-model-len": 8}).errors == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("transformers serve Qwen/Qwen3-8B --continuous-batching --port 8000", None),
        ("transformers serve --device --port m", None),
        ("transformers serve $MODEL --json --port many", None),
        ("transformers serve --port many", "argument --port: invalid int value: 'many'"),
        ("transformers serve --reasoning maybe", "invalid choice: 'maybe'"),
        ("transformers serve --compile=true", "ignored explicit argument 'true'"),
        ("transformers serve --cb_block_size 16", "unrecognized arguments: --cb_block_size"),
        ("transformers serve a b", "unrecognized arguments: b"),
    ],
)
def test_a_command_of_which_only_the_parser_is_known_is_judged_by_it(line: str, said: str | None) -> None:
    verdict = Checker.load("transformers").check_command(shlex.split(line))
    assert len(verdict.errors) == (said is not None)
    assert all(said is not None and said in error.message for error in verdict.errors)


def test_a_version_whose_parser_nobody_discovered_has_no_such_command() -> None:
    with pytest.raises(RoutingError, match="no command begins with 'transformers serve'"):
        Checker.load("transformers", version="5.23.0").check_command(["transformers", "serve"])
