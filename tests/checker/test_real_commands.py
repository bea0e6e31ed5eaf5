"""Command lines of vLLM 0.33.0 and 0.11.0 as their live parsers take or refuse them."""

from __future__ import annotations

import json
import shlex
import time

import pytest

from pytest_llem_invariants import Checker


@pytest.fixture(scope="module")
def vllm() -> Checker:
    return Checker.load("vllm")


@pytest.fixture(scope="module")
def older() -> Checker:
    return Checker.load("vllm", version="0.11.0")


@pytest.mark.parametrize(
    "line",
    [
        "m --gpu-memory-util 0.9",
        "m --tensor-parallel 2",
        "m --max-num-batched-token 8192",
        "m --no-enable-log-requests",
        "m --no-enable-request-id-headers --no-enable-auto-tool-choice",
        "m --logits-processors a:b",
        "m --served-model-name a",
        "m --allowed-media-domains a.example",
        "m --additional-config ' {\"a\":1}'",
        "m --logging-config.log_level DEBUG",
        'm --logging-config \'{"log_level": "DEBUG"}\'',
        "m --max-model-len AUTO",
        "m --lora-modules a=b c=d",
        'm --lora-modules \'{"name": "a", "path": "b", "base_model_name": "c"}\'',
        "--port 8000 m -O3 -tp=2",
        "m --max-model-len 32k --compilation-config.cudagraph_capture_sizes+ 1,2",
        "m --middleware a.b --middleware c.d",
    ],
)
def test_what_the_live_parser_takes_is_not_refused(vllm: Checker, line: str) -> None:
    verdict = vllm.check_command(["vllm", "serve", *shlex.split(line)])
    assert verdict.ok, verdict.errors


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a b c", "unrecognized arguments: b"),
        ("m -language-model-only", "unrecognized arguments: -language-model-only"),
        ("m --port abc", "argument --port: invalid int value: 'abc'"),
        ("m --lora-modules a", "argument --lora-modules: invalid JSON: 'a'"),
        ('m --lora-modules {"name":"a"}', "argument --lora-modules: needs name, path"),
        ("m --enable-prefix-caching false", "unrecognized arguments: false"),
        ("m --enable-prefix-caching=false", "ignored explicit argument 'false'"),
        ("m --enable", "ambiguous option: --enable could match"),
        ("m --max-model-len 1.5K", "argument --max-model-len: invalid short or auto value: '1.5K'"),
        ("m --tensor-parallel-size", "argument --tensor-parallel-size/-tp: expected one argument"),
        ("m --compilation-config {", "argument --compilation-config/-cc: invalid short object value"),
        ("m --ssl-cert-reqs no", "argument --ssl-cert-reqs: invalid int value: 'no'"),
        ("m --uvicorn-log-level loud", "argument --uvicorn-log-level: invalid choice: 'loud'"),
    ],
)
def test_what_the_live_parser_refuses_is_told_in_its_words(vllm: Checker, line: str, told: str) -> None:
    verdict = vllm.check_command(["vllm", "serve", *line.split()])
    assert any(told in error.message for error in verdict.errors), verdict


@pytest.mark.parametrize(
    ("line", "status", "told"),
    [
        ("m --enable-auto-tool-choice", "rejected", "--enable-auto-tool-choice requires --tool-call-parser"),
        ("m --enable-auto-tool-choice --tool-call-parser hermes", "accepted", ""),
        ("m --enable-auto-tool-choice --tool-call-parser nonsense", "rejected", "'nonsense' is none of"),
        ("m --enable-auto-tool-choice --tool-call-parser mine --tool-parser-plugin p.py", "depends", "'mine' is none"),
        ("m --enable-auto-tool-choice --tool-call-parser $PARSER", "depends", "requires --tool-call-parser"),
        ("m --enable-auto-tool-choice $MORE", "depends", "requires --tool-call-parser"),
        ("m --no-enable-auto-tool-choice", "accepted", ""),
        ("m --enable-log-outputs", "rejected", "--enable-log-outputs requires --enable-log-requests"),
        ("m --enable-log-outputs --enable-log-requests", "accepted", ""),
        ("m --sse-keep-alive-interval -1", "rejected", "must be a non-negative integer"),
        ("m --sse-keep-alive-interval 0", "accepted", ""),
        ("m --enable-per-request-metrics --disable-log-stats", "rejected", "requires engine statistics"),
        ("m --chat-template ./missing.jinja", "depends", "the file './missing.jinja' must be there"),
    ],
)
def test_what_the_server_checks_before_it_loads_anything_is_told(
    vllm: Checker, line: str, status: str, told: str
) -> None:
    verdict = vllm.check_command(["vllm", "serve", *line.split()])
    said = [
        one.message
        for one in (*verdict.errors, *(one.violation for one in verdict.depends))
        if one.rule_id == "refused_word"
    ]
    assert verdict.ok is (status != "rejected")
    assert any(told in message for message in said) if told else not said


def test_a_key_of_a_serve_file_is_refused_at_its_place(vllm: Checker) -> None:
    config = {"model": "m", "port": "abc", "tensor_parallel_size": 2, "uvicorn-log-level": "loud"}
    assert [error.path for error in vllm.check_config(config, form="serve").errors] == [
        ("port",),
        ("uvicorn-log-level",),
    ]


def test_each_version_has_its_own_parser(vllm: Checker, older: Checker) -> None:
    line = ["vllm", "serve", "m", "--optimization-level", "2"]
    assert vllm.check_command(line).ok
    assert not older.check_command(line).ok
    assert older.check_command(["vllm", "serve", "m", "-O3"]).ok


@pytest.mark.parametrize("line", ["--model m", "--port 1 --served-model-name a", "m --model n"])
def test_where_the_model_stands_is_no_ground_to_reject_a_line_that_may_be_part_of_another(
    vllm: Checker, older: Checker, line: str
) -> None:
    for checker in (vllm, older):
        assert checker.check_command(["vllm", "serve", *line.split()]).ok


def test_a_line_of_ten_options_takes_little_time(vllm: Checker) -> None:
    words = shlex.split(
        "vllm serve m --tensor-parallel-size 2 --max-model-len 32k --gpu-memory-utilization 0.9 --max-num-seqs 256"
        " --enable-prefix-caching --dtype bfloat16 --port 8000 --served-model-name a --trust-remote-code --seed 1"
    )
    config = json.loads('{"model": "m", "tensor-parallel-size": 2, "max-model-len": 32768, "dtype": "auto", "port": 1}')
    for call in (lambda: vllm.check_command(words), lambda: vllm.check_config(config, form="serve")):
        call()
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            for _ in range(50):
                call()
            times.append((time.perf_counter() - begin) / 50)
        assert min(times) < 1e-3
        print(f"{min(times) * 1e6:.0f} µs")


def test_a_rule_between_three_options_is_heard_in_each_way_of_writing_them(vllm: Checker) -> None:
    line = "vllm serve m --max-model-len 8192 --max-num-batched-tokens 2048 --no-enable-chunked-prefill"
    arguments = {"max_model_len": 8192, "max_num_batched_tokens": 2048, "enable_chunked_prefill": False}
    file = {"max-model-len": 8192, "max-num-batched-tokens": 2048, "no-enable-chunked-prefill": True}
    told = [
        vllm.check_command(line.split()),
        vllm.check("vllm.EngineArgs", {"model": "m", **arguments}),
        vllm.check_config({"model": "m", **arguments}, form="llm"),
        vllm.check_config({"model": "m", **file}, form="serve"),
    ]
    assert [verdict.status for verdict in told] == ["rejected"] * 4


def test_a_false_in_a_serve_file_that_says_nothing_is_warned_of(vllm: Checker) -> None:
    verdict = vllm.check_config({"model": "m", "enable-prefix-caching": False, "enforce-eager": False}, form="serve")
    assert [(one.severity, one.path, one.suggestion) for one in verdict.violations] == [
        ("warn", ("enable-prefix-caching",), "write disable-prefix-caching: true")
    ]
