"""Every detector finds a rule in its invalid examples and none in its valid ones; the documentation lists it."""

from __future__ import annotations

import importlib
import textwrap
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from miners.candidates.candidate import Candidate
from miners.code.imported import ImportedReader
from miners.static import mine_class
from miners.static.effects import DETECTORS, Detector, EffectKind
from miners.surface import class_facts

_AROUND = """
import logging
import warnings
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass
class Config:
    a: int = 0
    b: int | None = None

    def __post_init__(self):
{body}
"""
Found = Callable[[str, EffectKind], tuple[Candidate, ...]]
DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "static-miner.md"


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Found:
    """The candidates of one kind in the body of a `__post_init__`."""

    def candidates(body: str, kind: EffectKind) -> tuple[Candidate, ...]:
        package = f"detected_{zlib.crc32(body.encode())}"
        (tmp_path / f"{package}.py").write_text(_AROUND.format(body=textwrap.indent(body, " " * 8)), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        facts = class_facts(importlib.import_module(package).Config, "Config")
        findings = mine_class(facts, {"Config": facts}, ImportedReader(package), engine="toy")
        return tuple(one for finding in findings if finding.kind is kind for one in finding.candidates)

    return candidates


@pytest.mark.parametrize(
    ("detector", "body"),
    [(one, body) for one in DETECTORS for body in one.invalid],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_detector_finds_a_rule_in_what_is_invalid(found: Found, detector: Detector, body: str) -> None:
    rules = found(body, detector.kind)
    assert rules
    for rule in rules:
        assert rule.severity is detector.severity
        expected = rule.expected
        assert (expected.outcome, expected.emission_channel) == (detector.outcome, detector.channel)
        assert not rule.opaque


@pytest.mark.parametrize(
    ("detector", "body"),
    [(one, body) for one in DETECTORS for body in one.valid],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_detector_finds_none_in_what_is_valid(found: Found, detector: Detector, body: str) -> None:
    assert found(body, detector.kind) == ()


def test_every_kind_has_one_detector_with_examples() -> None:
    assert [one.kind for one in DETECTORS] == list(EffectKind)
    assert all(one.invalid and one.valid for one in DETECTORS)


def test_the_documentation_lists_every_detector() -> None:
    rows = []
    for name in dict.fromkeys(one.name for one in DETECTORS):
        same = [one for one in DETECTORS if one.name == name]
        (severity,) = {one.severity for one in same}
        statements = ", ".join(dict.fromkeys(one.docs for one in same))
        channels = ", ".join(dict.fromkeys(f"`{one.channel}`" for one in same))
        rows.append(f"| `{name}` | {statements} | {severity} | {channels} |")
    told = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert told == rows
