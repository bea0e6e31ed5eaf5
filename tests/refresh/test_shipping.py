"""What ships without being certified goes on to ship as history, and nothing is named that needs no name."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from miners.refresh.shipping import followed

TEXT = """\
[tool.hatch.build.targets.wheel.hooks.custom]
path = "hatch_build.py"
# What ships all the same.
uncertified = [
    "far",  # nobody has its image
    "lib",
    "lib/history/0.9",
    "lib/history/0.33",
]

[tool.ruff]
"""


@pytest.mark.parametrize(
    ("new", "is_certified", "left"),
    [
        ("0.32", False, ["lib", "lib/history/0.9", "lib/history/0.10", "lib/history/0.33"]),
        ("0.33", False, ["lib", "lib/history/0.9", "lib/history/0.10"]),
        ("0.32", True, ["lib/history/0.9", "lib/history/0.10", "lib/history/0.33"]),
        ("0.10", False, ["lib", "lib/history/0.9", "lib/history/0.33"]),
    ],
)
def test_the_names_follow_the_versions(new: str, is_certified: bool, left: list[str]) -> None:
    after = followed(TEXT, "lib", "0.10", new, is_certified=is_certified)
    custom = tomllib.loads(after)["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
    assert custom["uncertified"] == ["far", *left]
    assert '    "far",  # nobody has its image\n' in after
    assert after.endswith("]\n\n[tool.ruff]\n")


def test_a_certified_engine_needs_no_name_for_what_was_certified() -> None:
    after = followed(TEXT.replace('    "lib",\n', ""), "lib", "0.10", "0.32", is_certified=True)
    assert "0.10" not in after


def test_the_project_s_own_list_is_read() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert '"tensorrt/history/99.0"' in followed(text, "tensorrt", "99.0", "99.1", is_certified=False)
    assert '"vllm",' in followed(text, "vllm", "99.0", "99.1", is_certified=False)
    assert followed("", "lib", "1", "2", is_certified=False) == ""
