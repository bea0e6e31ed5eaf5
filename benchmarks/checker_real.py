"""The shipped vLLM corpus: a check of ten fields beside hand-written `if`s, a line and a file of ten options, a first
answer in a fresh process, a sweep.

Bounds: 5 µs a check and 3 × the hand-written code; 100 µs a line, 60 µs a file whose form nobody names; loading at
most 25 ms on top of the import; the whole of `llem-invariants check one.yaml` at most 4 × `python -c "import argparse,
json"`, and of a serve config beside a GPU and a model's folder at most 5 × `python -c pass`; a grid of a million in a
second.
Ratios come from turns taken in one run, so that a busy machine slows both sides alike.
"""

from __future__ import annotations

import math
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker import Checker

CALLS, ROUNDS = 20_000, 15
CONFIG: dict[str, Any] = {
    "n": 1,
    "temperature": 0.7,
    "top_p": 0.95,
    "top_k": 40,
    "min_p": 0.05,
    "max_tokens": 256,
    "min_tokens": 8,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "seed": 7,
}
LINE = shlex.split(
    "vllm serve meta-llama/Llama-3.1-8B-Instruct --tensor-parallel-size 2 --max-model-len 8192 --dtype bfloat16 "
    "--gpu-memory-utilization 0.9 --max-num-seqs 256 --enable-prefix-caching --port 8000 --kv-cache-dtype fp8 "
    "--served-model-name llama --max-num-batched-tokens 8192"
)
FILE: dict[str, Any] = {
    "model": "meta-llama/Llama-3.1-8B-Instruct",
    "tensor-parallel-size": 2,
    "max-model-len": 8192,
    "dtype": "bfloat16",
    "gpu-memory-utilization": 0.9,
    "max-num-seqs": 256,
    "enable-prefix-caching": True,
    "port": 8000,
    "kv-cache-dtype": "fp8",
    "max-num-batched-tokens": 8192,
}
_LOAD = """
import time
from pytest_llem_invariants import Checker
Checker
began, spent = time.perf_counter(), time.process_time()
Checker.load("vllm")
print((time.perf_counter() - began) * 1e3, (time.process_time() - spent) * 1e3)
"""


def by_hand(config: Mapping[str, Any]) -> list[str]:
    """The rules of these fields as a person writes them: kinds, bounds, nan and infinity, and their company."""
    found: list[str] = []
    n = config.get("n", 1)
    temperature = config.get("temperature", 1.0)
    if not isinstance(n, int):
        found.append("n must be an int")
    elif n < 1 or n > 16384:
        found.append("n must be in [1, 16384]")
    if not isinstance(temperature, (int, float)):
        found.append("temperature must be a number")
    elif not math.isfinite(temperature) or temperature < 0 or temperature > 2:
        found.append("temperature must be in [0, 2]")
    elif not found and n > 1 and temperature == 0:
        found.append("n must be 1 when using greedy sampling")
    for name, low, high in (("presence_penalty", -2, 2), ("frequency_penalty", -2, 2), ("min_p", 0, 1)):
        value = config.get(name, 0.0)
        if not isinstance(value, (int, float)):
            found.append(f"{name} must be a number")
        elif not low <= value <= high:
            found.append(f"{name} must be in [{low}, {high}]")
    top_p = config.get("top_p", 1.0)
    if not isinstance(top_p, (int, float)):
        found.append("top_p must be a number")
    elif not 0 < top_p <= 1:
        found.append("top_p must be in (0, 1]")
    top_k = config.get("top_k", 0)
    if not isinstance(top_k, int):
        found.append("top_k must be an int")
    elif top_k < -1:
        found.append("top_k must be 0 or -1 (off), or at least 1")
    max_tokens = config.get("max_tokens", 16)
    min_tokens = config.get("min_tokens", 0)
    if max_tokens is not None and (not isinstance(max_tokens, (int, float)) or max_tokens < 1):
        found.append("max_tokens must be at least 1")
    if not isinstance(min_tokens, (int, float)) or min_tokens < 0 or math.isinf(min_tokens):
        found.append("min_tokens must not be negative")
    elif max_tokens is not None and isinstance(max_tokens, (int, float)) and min_tokens > max_tokens:
        found.append("min_tokens must be at most max_tokens")
    seed = config.get("seed")
    if seed is not None and not isinstance(seed, int):
        found.append("seed must be an int")
    return found


def main() -> None:
    checker = Checker.load("vllm")
    print(f"vLLM {checker.version}: {len(checker.rules):,} rules of {len(checker.native_types)} classes")
    assert checker.check("vllm.SamplingParams", CONFIG).ok
    assert by_hand(CONFIG) == []
    speed(checker)
    written(checker)
    start()
    sweep(checker)


def speed(checker: Checker) -> None:
    candidates: dict[str, Callable[[], object]] = {
        "by hand": lambda: by_hand(CONFIG),
        "checked": lambda: checker.check("vllm.SamplingParams", CONFIG),
    }
    rounds = [
        {name: timeit.timeit(call, number=CALLS) / CALLS * 1e6 for name, call in candidates.items()}
        for _ in range(ROUNDS)
    ]
    best = {name: min(one[name] for one in rounds) for name in candidates}
    ratio = statistics.median(one["checked"] / one["by hand"] for one in rounds)
    print(f"ten fields: {best['checked']:.2f} µs, by hand {best['by hand']:.2f} µs, {ratio:.2f} ×")


def written(checker: Checker) -> None:
    """What people write. Of many single calls the quickest counts: on a busy machine a series is always interrupted."""
    calls: dict[str, Callable[[], object]] = {
        "a line": lambda: checker.check_command(LINE),
        "a file": lambda: checker.check_config(FILE),
        "a file of a named form": lambda: checker.check_config(FILE, form="serve"),
    }
    told = [f"{name} {min(timeit.repeat(call, number=1, repeat=CALLS)) * 1e6:.0f} µs" for name, call in calls.items()]
    print(f"ten options: {', '.join(told)}")


def start() -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "one.yaml"
        file.write_text("".join(f"{key}: {value}\n" for key, value in CONFIG.items()))
        program = "import sys; from pytest_llem_invariants.cli import main; sys.exit(main())"
        check = [sys.executable, "-c", program, "check", "--engine", "vllm", "--type", "SamplingParams", str(file)]
        baseline = [sys.executable, "-c", "import argparse, json"]
        loads = [tuple(map(float, run([sys.executable, "-c", _LOAD])[1].split())) for _ in range(ROUNDS)]
        wall, spent = min(one[0] for one in loads), statistics.median(one[1] for one in loads)
        print(f"load: {wall:.1f} ms, of processor time {spent:.1f} ms (a checkout: freshness is tested)")
        pairs = [(run(baseline)[0], run(check)[0]) for _ in range(ROUNDS)]
        ratio = statistics.median(whole / base for base, whole in pairs)
        print(f"check one.yaml: {min(whole for _, whole in pairs) * 1e3:.0f} ms, {ratio:.2f} × the baseline")
        (Path(name) / "config.json").write_text('{"model_type": "llama", "num_attention_heads": 32}')
        serve = Path(name) / "serve.yaml"
        serve.write_text("model: m\ntensor-parallel-size: 2\nmax-model-len: 2048\n")
        beside = [*check[:5], "vllm", "--model", name, "--gpu", "H100:8", str(serve)]
        pairs = [(run([sys.executable, "-c", "pass"])[0], run(beside)[0]) for _ in range(ROUNDS)]
        ratio = statistics.median(whole / base for base, whole in pairs)
        best = min(whole for _, whole in pairs)
        print(f"check beside a model: {best * 1e3:.0f} ms, {ratio:.2f} × a bare interpreter")


def sweep(checker: Checker) -> None:
    grid = {
        "n": [1, 2, 4, 8],
        "temperature": [0, 0.5, 1.0, -1],
        "top_p": [0.5, 0.9, 1.0, 1.1],
        "top_k": [-2, 0, 20, 40],
        "min_p": [0, 0.1, 0.5, 2],
        "max_tokens": [8, 16, 64, 256],
        "min_tokens": [0, 10, 32, 128],
        "presence_penalty": [-3, 0, 1, 2],
        "frequency_penalty": [-3, 0, 1, 2],
        "seed": [1, 2, 3, 4],
    }
    began = time.perf_counter()
    pruned = checker.prune(grid, native_type="vllm.SamplingParams")
    valid = pruned.valid
    print(f"sweep: {valid:,} of {pruned.total:,} valid, counted in {time.perf_counter() - began:.3f} s")


def run(command: list[str]) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout


if __name__ == "__main__":
    main()
