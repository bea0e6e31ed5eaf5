"""vLLM read from its files against vLLM imported: what is equal, and why the rest is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WHY = {
    "vllm/config/compilation.py": "the default is made by a factory that reads the environment",
    "vllm/config/kv_transfer.py": "the default is made by a factory that asks the platform",
    "vllm/config/lora.py": "the names of torch's dtypes are known where torch is imported",
    "vllm/config/logging.py": "the defaults are made by factories that read the environment",
    "vllm/config/model.py": "a table of torch dtypes, which are objects",
    "vllm/config/parallel.py": "whether ray is installed is asked at import, and the rest depends on it",
    "vllm/config/profiler.py": "os.path asks the machine for its folder, which is seen where os is imported",
    "vllm/config/quantization.py": "a table of quantisation keys, which are objects made at import",
    "vllm/config/multimodal.py": "a field whose type a class of the tree tells pydantic by code",
    "vllm/config/observability.py": "the text of an import error of this machine is part of a message",
    "vllm/config/vllm.py": "whether torch has a feature is asked at import; a list filled in a loop of such values",
    "vllm/distributed/kv_transfer/kv_connector/factory.py": "a registry that is filled at import",
    "vllm/engine/arg_utils.py": "defaults and annotations that are taken from other classes by code",
    **dict.fromkeys(
        (
            "vllm/entrypoints/anthropic/protocol.py",
            "vllm/entrypoints/openai/chat_completion/protocol.py",
            "vllm/entrypoints/openai/completion/protocol.py",
            "vllm/entrypoints/openai/responses/protocol.py",
            "vllm/entrypoints/pooling/classify/protocol.py",
            "vllm/entrypoints/pooling/embed/protocol.py",
            "vllm/entrypoints/pooling/pooling/protocol.py",
            "vllm/entrypoints/pooling/scoring/protocol.py",
            "vllm/entrypoints/serve/tokenize/protocol.py",
        ),
        "fields whose types the client's package declares, which is known where it is imported",
    ),
    **dict.fromkeys(
        (
            "vllm/config/attention.py",
            "vllm/config/mamba.py",
            "vllm/config/speculative.py",
            "vllm/v1/attention/backends/mla/prefill/registry.py",
            "vllm/v1/attention/backends/registry.py",
        ),
        "the names of an enumeration, which is an object made at import",
    ),
    "vllm/model_executor/model_loader/weight_utils.py": "a guard on the model, unsaid either way, has other cases",
    "vllm/reasoning/abs_reasoning_parsers.py": "a registry that is filled at import",
    "vllm/tasks.py": "messages are looked up in a table by value",
    "vllm/tokenizers/fastokens.py": "which tokenizer a registry holds is known after import alone",
    "vllm/tokenizers/registry.py": "which tokenizer a registry holds is known after import alone",
    "vllm/transformers_utils/config.py": "a table of parser classes that plugins may extend",
    "vllm/transformers_utils/repo_utils.py": "reached where huggingface_hub says whether it is offline",
    "vllm/utils/network_utils.py": "reached where huggingface_hub says whether it is offline",
    "vllm/v1/executor/ray_utils.py": "whether ray is installed is asked at import",
}
"""The reason for each difference, by the file whose reading differs."""

READ_BOTH = """
import json, sys
from miners.measure.compare_modes import _installed, compare, read_import, read_source, said_in_full
from miners.surface.source_classes import skeletons_of
from pytest_llem_invariants.engines import get_adapter

adapter = get_adapter("vllm")
source = read_source(adapter.ssot, skeletons_of(_installed("vllm"), "vllm"))
assert "vllm" not in sys.modules and "torch" not in sys.modules
imported = read_import(adapter)
found = compare(said_in_full(imported), said_in_full(source))
every = compare(imported, source)
print(json.dumps({
    "share": found.share, "every": every.share, "equal": sum(found.equal.values()),
    "classes": [len(source.surface), len(imported.surface)],
    "fields": [found.fields, len(found.field_differences)],
    "of_requests": [
        sum(len(one.fields) for name, one in imported.surface.items() if name.startswith("vllm.entrypoints.")),
        sum(name.startswith("vllm.entrypoints.") for name, *_ in found.field_differences),
    ],
    "paths": sorted({one.candidate.source.path for one in (*found.differences, *every.differences)}),
}))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", READ_BOTH],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "VLLM_TARGET_DEVICE": "cpu", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_at_least_ninety_five_percent_of_the_rules_are_equal(found: dict[str, Any]) -> None:
    assert found["equal"] > 3_000
    assert found["share"] >= 0.95
    assert found["every"] >= 0.93


def test_every_class_is_read_and_nearly_every_field_alike(found: dict[str, Any]) -> None:
    assert found["classes"][0] == found["classes"][1]
    fields, apart = (whole - requests for whole, requests in zip(found["fields"], found["of_requests"], strict=True))
    assert fields > 800
    assert apart <= 0.03 * fields


def test_what_a_request_takes_is_declared_by_other_packages(found: dict[str, Any]) -> None:
    """The types of messages and tools are those of the client's package, which no source tree of the engine holds."""
    fields, apart = found["of_requests"]
    assert fields > 300
    assert apart <= 0.2 * fields


def test_every_difference_has_its_reason(found: dict[str, Any]) -> None:
    assert set(found["paths"]) <= set(WHY)
