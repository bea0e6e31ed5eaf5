"""The version of an engine that a text requires."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.readers.pins import based_on, pinned
from tests.readers.conftest import KNOWN, Look


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("vllm==0.9.1", ["0.9.1"]),
        ("requirements:\n- vllm[audio]==0.2.1.post1\n", ["0.2.1.post1"]),
        ('dependencies = ["VLLM == 0.9.1", "vllm==0.9.1"]', ["0.9.1"]),
        ("pip install vllm==0.9.1 && pip install vllm==0.10.0", ["0.9.1", "0.10.0"]),
        ("vllm>=0.9.1", []),
        ("vllm-other==0.9.1\nother-vllm==1.0\n", []),
        ("vllm==$VERSION", []),
    ],
)
def test_a_pin_is_a_version_and_a_range_is_none(text: str, versions: list[str]) -> None:
    assert list(pinned("vllm", text)) == versions


def test_a_base_image_names_its_version() -> None:
    text = "base_image:\n  image: vllm/vllm-openai:v0.8.3\n"
    assert list(based_on(KNOWN[0], text)) == ["0.8.3"]
    assert list(based_on(KNOWN[0], "FROM vllm/vllm-openai:latest\nFROM python:3.11")) == []


@pytest.mark.parametrize(
    ("name", "text", "version", "is_built"),
    [
        ("Dockerfile", 'RUN pip install vllm==0.9.1\nCMD ["vllm", "serve", "m", "--a"]\n', "0.9.1", False),
        ("a.md", "```\npip install vllm==0.9.1\nvllm serve m --a\n```\n", "0.9.1", False),
        ("a.sh", "pip install vllm==0.9.1 vllm==0.9.2\nvllm serve m --a\n", None, True),
        ("a.sh", "pip install vllm==0.9.1\ndocker run vllm/vllm-openai:v0.11.0 --a\n", "0.11.0", False),
        ("a.py", "# vllm==0.9.1\nfrom vllm import LLM\nLLM('m', a=1)\n", "0.9.1", False),
    ],
)
def test_what_a_file_requires_is_the_version_of_what_it_starts(
    look: Look, name: str, text: str, version: str | None, is_built: bool
) -> None:
    beside = look(name, text)[0].beside
    assert (beside.version, beside.is_built) == (version, is_built)
