from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from pytest_llem_invariants.readers.declared import Engine, engines
from pytest_llem_invariants.readers.found import COMMAND, Found
from pytest_llem_invariants.readers.registry import read

ROUTES = {
    "vllm": {
        "commands": [
            {"words": ["vllm", "serve"], "form": "serve"},
            {"words": ["python3", "-m", "vllm.entrypoints.openai.api_server"], "form": "serve"},
            {"words": ["python", "-m", "vllm.entrypoints.openai.api_server"], "form": "serve"},
        ],
        "files": {
            "traces": ["vllm", "VLLM"],
            "package": "vllm",
            "images": [
                {"name": "lmcache/vllm-openai", "runs": ["vllm", "serve"], "tagged": False},
                {"name": "vllm-openai", "runs": ["vllm", "serve"]},
            ],
            "calls": {"LLM": {"form": "llm", "positional": ["model"]}, "SamplingParams": {"form": "sampling"}},
            "stands_for": [
                {
                    "words": ["python3", "-m", "other.vllm"],
                    "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"],
                }
            ],
            "sections": {"engine_kwargs": "serve", "vllm_config": "serve"},
            "plugins": {"vllm-other": {"traces": ["vllm-other"], "values": ["quantization"]}},
        },
    }
}
KNOWN: list[Engine] = engines(ROUTES)

Look = Callable[[str, str], list[Found]]


@pytest.fixture
def look() -> Look:
    """What the reader of a file finds in a text."""
    return lambda name, text: read(name, textwrap.dedent(text), KNOWN)


def line(found: Found) -> str:
    """A command line, with what is not known in angle brackets."""
    assert found.form == COMMAND
    return " ".join(str(word) if word.known and word.given else f"<{word}>" for word in found.words)
